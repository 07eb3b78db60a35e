#include "cli/run_cli.h"

int main(int argc, char** argv) { return mat::run_cli(argc, argv); }
