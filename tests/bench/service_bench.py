#!/usr/bin/env python3
"""service_bench.py MAT_ADDRESS PICTURE [IMAGE_SIZE [SECONDS]]: pictures a second of a service of
resnet18, and of Python services of the same network on the same machine: TorchScript behind Flask
and behind FastAPI, each with threads. The load is wrk's: 1 and 16 clients, the services in turn.
For one client LibTorch has as many threads as are the fastest there, for many one for each request:
with more, the requests' teams of threads wait for one another until hardly any is answered.

    mat service deploy JOB --precision fp32        # of a version trained with resnet18
    service_bench.py http://127.0.0.1:PORT picture.jpg

Needs wrk, torch and torchvision, and flask or fastapi with uvicorn; what is missing is left out.
"""

import io
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

CLIENTS = (1, 16)
ROUNDS = 3
CORES = len(os.sched_getaffinity(0))


def make_model(size, clients):
    import torch
    import torchvision

    network = torchvision.models.resnet18(num_classes=6).eval()
    picture = torch.zeros(1, 3, size, size)
    with torch.no_grad():
        model = torch.jit.freeze(torch.jit.trace(network, picture))

        def seconds(threads):
            torch.set_num_threads(threads)
            took = []
            for _ in range(6):
                begin = time.perf_counter()
                model(picture)
                took.append(time.perf_counter() - begin)
            return min(took[1:])

        torch.set_num_threads(min((1, CORES), key=seconds) if clients == 1 else 1)
    return model


def make_answer(size, clients):
    """The usual way to answer: PIL, torchvision's transforms, one picture at a time."""
    import torch
    from PIL import Image
    from torchvision import transforms

    model = make_model(size, clients)
    prepare = transforms.Compose(
        [
            transforms.Resize(size),
            transforms.CenterCrop(size),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    classes = [f"class {i}" for i in range(6)]

    def answer(body):
        with torch.no_grad():
            picture = prepare(Image.open(io.BytesIO(body)).convert("RGB"))
            scores = model(picture[None]).softmax(1)[0]
        best = scores.argsort(descending=True)[:5].tolist()
        return {
            "predicted_label": classes[best[0]],
            "scores": [[classes[i], f"{scores[i]:.4f}"] for i in best],
        }

    return answer


def serve_flask(port, size, clients):
    import logging

    from flask import Flask, jsonify, request

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app, answer = Flask("bench"), make_answer(size, clients)

    @app.post("/predict")
    def predict():
        return jsonify(answer(request.get_data()))

    app.run("127.0.0.1", port, threaded=True)


def serve_fastapi(port, size, clients):
    import uvicorn
    from fastapi import Depends, FastAPI, Request

    app, answer = FastAPI(), make_answer(size, clients)

    async def body_of(request: Request):
        return await request.body()

    @app.post("/predict")
    def predict(body: bytes = Depends(body_of)):
        return answer(body)

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(kind, size, clients):
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, __file__, kind, str(port), str(size), str(clients)],
        stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process, f"http://127.0.0.1:{port}"
        except OSError:
            time.sleep(0.1)
    process.kill()
    print(f"{kind} is left out: {process.stderr.read().strip().splitlines()[-1:]}")
    return None, None


def load(address, script, clients, seconds):
    """Requests a second and the 50th and 99th percentile in milliseconds."""
    out = subprocess.run(
        ["wrk", "-t", str(min(2, clients)), "-c", str(clients), "-d", f"{seconds}s", "--latency",
         "--timeout", "30s", "-s", script, address + "/predict"],
        check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out:
        sys.exit(f"{address} refuses requests:\n{out}")

    def milliseconds(share):
        value, unit = re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", out).groups()
        return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]

    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), milliseconds(50), milliseconds(99)


def main():
    if sys.argv[1] in ("flask", "fastapi"):
        {"flask": serve_flask, "fastapi": serve_fastapi}[sys.argv[1]](
            *(int(word) for word in sys.argv[2:5])
        )
        return
    address, picture = sys.argv[1:3]
    size = int(sys.argv[3]) if len(sys.argv) > 3 else 224
    seconds = int(sys.argv[4]) if len(sys.argv) > 4 else 10
    print(f"{CORES} cores, load {os.getloadavg()[0]:.1f} before it begins")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(
            f'local file = io.open("{os.path.abspath(picture)}", "rb")\n'
            'wrk.method, wrk.body = "POST", file:read("*a")\n'
            'wrk.headers["Content-Type"] = "image/jpeg"\n'
        )
        script.flush()
        for clients in CLIENTS:
            compare(address, script.name, clients, size, seconds)


def compare(address, script, clients, size, seconds):
    services, processes = {"mat": address}, []
    try:
        for kind in ("flask", "fastapi"):
            process, at = start(kind, size, clients)
            if process:
                processes.append(process)
                services[kind] = at
        figures = {name: [] for name in services}
        for at in services.values():
            load(at, script, clients, 1)
        # In turn, so that what else the machine does meets all of them.
        for _ in range(ROUNDS):
            for name, at in services.items():
                figures[name].append(load(at, script, clients, seconds))
        ours = sorted(figures["mat"])[ROUNDS // 2][0]
        for name, rounds in figures.items():
            rate, p50, p99 = sorted(rounds)[ROUNDS // 2]
            print(
                f"{clients:3} clients  {name:8} {rate:8.1f} pictures/s  p50 {p50:7.2f} ms  "
                f"p99 {p99:7.2f} ms  mat is {ours / max(rate, 0.01):.2f} times as fast"
            )
    finally:
        for process in processes:
            process.kill()


if __name__ == "__main__":
    main()
