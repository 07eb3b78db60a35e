// Before anything is drawn: the colours that were chosen last, or the system's.
"use strict";
try {
  const chosen = localStorage.getItem("mat-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Without storage, the system's.
}
