"""Makes clients of the description, as anybody would who writes an app:

    python generate.py openapi.json FOLDER

A generator that complains about the description fails, and so does one that has to
make up a name for a type."""

import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = pathlib.Path(sys.executable).parent
NODE = HERE.parent / "node/node_modules/.bin"

# Not about this description, but about how young the generator's support of
# OpenAPI 3.1 is: it says so itself; and where an object has `additionalProperties:
# false`, it takes the `false` for a schema and looks for that one's name.
YOUNG = re.compile("OpenAPI 3.1 support is still in beta|Failed to get the schema name: null")
COMPLAINT = re.compile(r"\bWARN|\bERROR\b|⚠|Exception in|Unsupported")
# Two parameters are called as types of Swift's own are.
SWIFT = ("--additional-properties", "oneOfUnknownDefaultCase=true", "--model-name-mappings", "Range=ByteRange,type=SubjectType")
NAMELESS = re.compile("Inner|Inline|AnyOf|OneOf|AllOf")


def run(name, *command):
    environment = {**os.environ, "PATH": f"{TOOLS}:{os.environ['PATH']}"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(f"== {name}: {done.returncode}\n{done.stdout}")
    complaints = [
        line for line in done.stdout.splitlines()
        if COMPLAINT.search(line) and not YOUNG.search(line)
    ]
    if done.returncode or complaints:
        sys.exit(f"{name} ended with {done.returncode}, and complains:\n" + "\n".join(complaints))


def generate(spec, out):
    run("openapi-typescript", NODE / "openapi-typescript", spec, "-o", out / "typescript/api.d.ts")
    run("openapi-python-client", TOOLS / "openapi-python-client", "generate", "--path", spec, "--meta", "none",
        "--config", HERE / "python.yaml", "--output-path", out / "python/perspektive", "--overwrite", "--fail-on-warning")
    for language, more in (("kotlin", ()), ("swift6", SWIFT)):
        # What came later is no reason to refuse an answer.
        run(language, TOOLS / "openapi-generator-cli", "generate", "-i", spec, "-g", language, "-o", out / language,
            "--additional-properties", "enumUnknownDefaultCase=true", *more)
        models = [file.stem for file in (out / language).rglob("*") if file.suffix in (".kt", ".swift") and "odels" in file.parent.name]
        nameless = sorted(filter(NAMELESS.search, models))
        if nameless or len(models) < 100:
            sys.exit(f"{language} made {len(models)} types, and up the names of {nameless}")


if __name__ == "__main__":
    spec, out = sys.argv[1:]
    generate(pathlib.Path(spec).resolve(), pathlib.Path(out).resolve())
