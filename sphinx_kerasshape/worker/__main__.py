"""The worker program, and the protocol that it speaks.

Started as ``python …/worker/__main__.py fork SETTINGS`` or ``… once SETTINGS``, it reads
commands from its standard input and writes answers to its standard output, one JSON
object a line. The settings are JSON too, those of ``process.Launch``.

* ``{"warm": true}``: import TensorFlow now, there will be something to run;
* ``{"id": 7, "requests": [{…}, …], "real": false, "timeout": 60}``: run these, one after
  the other in one namespace, so many seconds each; the answer, in any order, is
  ``{"id": 7, "answers": [{"report": {…}}, {"failure": {…}}]}``, which ends with the first
  failure, or ``{"id": 7, "again": true}`` where it did not work weightless (``real`` is
  false) and must be asked for again with real weights; ``seconds`` says how long it ran,
  and ``done`` how many requests came to their end;
* ``{"ready": true}`` says that TensorFlow is imported;
* ``{"fatal": {…}}`` is a failure of the worker itself; nothing follows it.

The end of the input ends the worker at once, and all that it started. With ``once``
there is one command, which runs in this very process: for systems without ``fork``.

Whatever the author's code prints never meets the answers: file descriptors 0 to 2
lead elsewhere before anything of it, or of TensorFlow, runs.
"""

import json
import os
import sys


def main() -> None:
    """Start the worker in the mode that the command line names."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # Only for as long as our own modules are imported: the folder may be the
    # site-packages of another Python, whose packages the author's code must not see.
    sys.path[0] = os.path.dirname(package)
    from sphinx_kerasshape.worker import child
    from sphinx_kerasshape.worker.processes import lifeline, network, warden, zygote

    del sys.path[0]
    mode, settings = sys.argv[1], json.loads(sys.argv[2])
    del sys.argv[1:]
    refusal = "" if settings["network"] else network.leave()
    folder = warden.guard(settings, watch=mode == "once")
    commands, answers = lifeline.private_channel()
    status = 0
    if refusal:
        lifeline.write_all(answers, network.fatal(refusal))
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
