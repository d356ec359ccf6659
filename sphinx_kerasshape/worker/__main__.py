"""The worker program, and the protocol that it speaks.

It is started as ``python …/worker/__main__.py fork SETTINGS`` or ``… once SETTINGS``, with the settings of
``run.worker_process.Launch`` as JSON. It reads commands from standard input and writes answers to standard
output, one JSON object a line.

* ``{"warm": true}``: import TensorFlow now, because something will have to run;
* ``{"id": 7, "requests": [{…}, …], "real": false, "timeout": 60}``: run these requests one after the other
  in one namespace, each in so many seconds. The answer is ``{"id": 7, "seconds": 0.1, "done": 2, "answers":
  [{"report": {…}}, {"failure": {…}}]}``, which ends with the first failure; ``done`` says how many requests
  have run to their end. It is ``{"id": 7, "seconds": 0.1, "again": true}`` if the run did not work without
  weights and has to be repeated with ``real``. Answers come in any order;
* ``{"ready": true, "sandbox": "…"}``: TensorFlow is imported; what the sandbox is, empty if there is none;
* ``{"fatal": {…}}``: the worker itself has failed; nothing follows.

The end of the input ends the worker at once, with all that it has started. In the mode ``once`` there is
one command, which runs in this very process: for systems without ``fork``.

Whatever the author's code prints never mixes with the answers: descriptors 0 to 2 lead elsewhere before
the code, or TensorFlow, runs.
"""

import json
import os
import sys


def main() -> None:
    """Run the worker in the mode that the command line names."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # The folder may be the site-packages of another Python, whose packages the author's code must not see.
    sys.path[0] = os.path.dirname(package)
    from sphinx_kerasshape.messages.codec import dumps
    from sphinx_kerasshape.worker import child
    from sphinx_kerasshape.worker.processes import lifeline, network, warden, zygote
    from sphinx_kerasshape.worker.sandbox import confine

    del sys.path[0]
    mode, settings = sys.argv[1], json.loads(sys.argv[2])
    del sys.argv[1:]
    refusal = confine.prepare(settings)
    # The sandbox refuses sockets; without one, the process has to leave the network.
    if not refusal and not settings["network"] and not confine.is_possible():
        refusal = network.refused(network.leave(), is_audit=settings["is_audit"])
    folder = warden.guard(settings, watch=mode == "once")
    commands, answers = lifeline.private_channel()
    status = 0
    if refusal:
        lifeline.write_all(answers, dumps({"fatal": refusal}).encode() + b"\n")
    elif mode == "once":
        status = child.once(commands, answers, settings, folder)
    else:
        zygote.serve(commands, answers, settings, folder)
    try:
        warden.remove(folder)
    finally:
        lifeline.exit_now(status)


if __name__ == "__main__":
    main()
