"""What the code of a stranger's page may try: each attempt ends in an exception if it is refused.

Names in braces are filled in by the test: folders, files and a process that the code must not reach.
"""

from __future__ import annotations

_CALL = """\
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    result = libc.syscall(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
"""


def _reads(path: str) -> str:
    return f"open({path!r}, 'rb').read(1)\n"


def _writes(path: str) -> str:
    return f"open({path!r}, 'ab').write(b'x')\n"


READING = {
    "ssh-key": _reads("{home}/.ssh/id_rsa"),
    "netrc": _reads("{home}/.netrc"),
    "git-credentials": _reads("{home}/.git-credentials"),
    "token-of-a-tool": _reads("{home}/.config/gh/hosts.yml"),
    "password-file": _reads("/etc/shadow"),
    "git-config-of-the-sources": _reads("{source}/.git/config"),
    "env-file-of-the-sources": _reads("{source}/.env"),
    "secret-deep-in-the-sources": _reads("{source}/deep/er/.netrc"),
    "environment-of-the-parent": "import os\nopen(f'/proc/{{os.getppid()}}/environ', 'rb').read(1)\n",
    "memory-of-the-parent": "import os\nopen(f'/proc/{{os.getppid()}}/mem', 'rb').close()\n",
    "maps-of-the-parent": "import os\nopen(f'/proc/{{os.getppid()}}/maps', 'rb').read(1)\n",
    "descriptors-of-the-parent": "import os\nos.listdir(f'/proc/{{os.getppid()}}/fd')\n",
    "environment-of-another": _reads("/proc/{victim}/environ"),
    "temporary-folders": "import os\nos.listdir(os.path.dirname(os.environ['TMPDIR']))\n",
    "cache": "import os\nos.listdir({cache!r})\n",
    "lock": _reads("{source}/kerasshape.lock.json"),
    "doctrees": "import os\nos.listdir({doctrees!r})\n",
    "home-folder": "import os\nos.listdir({home!r})\n",
    "through-a-symbolic-link": "import os\nos.symlink({secret!r}, 'link')\nopen('link').read(1)\n",
    "through-a-hard-link": "import os\nos.link({secret!r}, 'link')\nopen('link').read(1)\n",
    "through-the-root-of-the-process": "open('/proc/self/root' + {secret!r}).read(1)\n",
    "through-the-folder-above": "import os\nopen(os.path.relpath({secret!r})).read(1)\n",
    "by-another-program": "import subprocess\nsubprocess.run(['cat', {secret!r}], check=True)\n",
    "by-the-c-library": f"{_CALL}call(257, -100, {{secret!r}}.encode(), 0, 0)\n",
    "by-tensorflow": "tf.io.read_file({secret!r})\n",
    "by-files-of-tensorflow": "tf.io.gfile.GFile({secret!r}).read()\n",
    "copy-by-tensorflow": "tf.io.gfile.copy({secret!r}, 'copy')\n",
    "list-by-tensorflow": "tf.io.gfile.listdir({home!r})\n",
    "by-a-data-set": "next(iter(tf.data.TextLineDataset({secret!r})))\n",
    "by-a-py-function": "tf.py_function(lambda: open({secret!r}).read(1), [], tf.string)\n",
    "by-a-link-in-hdf5": "import h5py\nwith h5py.File('own.h5', 'w') as file:\n"
    "    file['x'] = h5py.ExternalLink('{outside}/data.h5', '/x')\n    file['x'][...]\n",
    "by-a-program-in-memory": "import os, subprocess\nprogram = os.memfd_create('cat')\n"
    "os.write(program, open('/bin/cat', 'rb').read())\n"
    "subprocess.run([f'/proc/self/fd/{{program}}', {secret!r}], pass_fds=[program], check=True)\n",
    "by-swapping-a-link": "import os, threading\nopen('own', 'w').close()\nhere, going = os.getcwd(), [1]\n"
    "def swap():\n    while going:\n        for target in ('own', {secret!r}):\n"
    "            os.symlink(target, 'new')\n            os.replace('new', 'link')\n"
    "thread = threading.Thread(target=swap)\nthread.start()\nfound = ''\n"
    "for _ in range(2000):\n    try:\n        found = found or open('link').read()\n    except OSError:\n"
    "        pass\ngoing.clear()\nthread.join()\nif not found:\n    raise PermissionError('refused')\n",
    "memory-of-the-kernel": "open('/dev/kmsg', 'rb', 0).close()\n",
    "by-numpy": "import numpy\nnumpy.fromfile({secret!r}, 'u1')\n",
    "by-sqlite": "import sqlite3\nsqlite3.connect('file:' + {database!r} + '?mode=ro', uri=True).execute("
    "'select * from t')\n",
    "by-a-child": "import os\npid = os.fork()\nif not pid:\n    try:\n        open({secret!r}).read(1)\n"
    "        os._exit(0)\n    except OSError:\n        os._exit(1)\n"
    "if os.waitpid(pid, 0)[1]:\n    raise PermissionError('the child was refused')\n",
    "by-a-thread": "import threading\nfrom concurrent.futures import ThreadPoolExecutor\n"
    "ThreadPoolExecutor(1).submit(lambda: open({secret!r}).read(1)).result()\n",
}
WRITING = {
    "page": _writes("{source}/index.md"),
    "built-page": _writes("{outdir}/index.txt"),
    "settings": _writes("{source}/conf.py"),
    "site-packages": "import keras, os\nfolder = os.path.join(os.path.dirname(keras.__file__), {mark!r})\n"
    "os.mkdir(folder)\nos.rmdir(folder)\n",
    "compiled-module-of-a-package": "import keras\nopen(keras.__cached__, 'ab').close()\n",
    "module-that-every-python-imports": "import os, site\nos.makedirs(site.getusersitepackages())\n"
    "open(site.getusersitepackages() + '/usercustomize.py', 'w').close()\n",
    "library-that-every-program-loads": "import os\nopen('/etc/ld.so.preload', 'a').close()\n"
    "if not os.path.getsize('/etc/ld.so.preload'):\n    os.unlink('/etc/ld.so.preload')\n",
    "module-in-the-place-of-ours": "import sphinx_kerasshape as ours\nopen(ours.__file__, 'ab').close()\n",
    "startup-of-python": _writes("{home}/.pythonrc.py"),
    "settings-of-git": _writes("{home}/.gitconfig"),
    "file-that-all-users-share": "import os\nopen('/dev/shm/' + {mark!r}, 'w').close()\n"
    "os.unlink('/dev/shm/' + {mark!r})\n",
    "by-a-file-of-tensorflow": "with tf.io.gfile.GFile('{outside}/tf', 'w') as file:\n    file.write('x')\n",
    "by-an-operation-of-tensorflow": "tf.io.write_file('{outside}/op', 'x')\n",
    "removal-by-tensorflow": "tf.io.gfile.remove('{outside}/removed-too')\n",
    "saved-model": "tf.saved_model.save(tf.Module(), '{outside}/saved')\n",
    "saved-weights": "keras.Sequential([keras.Input((1,)), layers.Dense(1)]).save_weights("
    "'{outside}/new.weights.h5')\n",
    "hdf5-file": "import h5py\nh5py.File('{outside}/data.h5', 'a').close()\n",
    "settings-of-the-kernel": "open('/proc/sys/kernel/core_pattern', 'a').close()\n",
    "shell-profile": _writes("{home}/.bashrc"),
    "keras-settings": _writes("{home}/.keras/keras.json"),
    "cache-of-this-project": "import os\nos.mkdir(os.path.join({cache!r}, 'more'))\n",
    "cache-of-another-project": _writes("{other}/.kerasshape/answer.json"),
    "new-lock": _writes("{source}/kerasshape.lock.json"),
    "compiled-module": "import os\nos.makedirs('{source}/__pycache__')\n",
    "module-beside-conf": _writes("{source}/sphinx_kerasshape.py"),
    "temporary-file": _writes("{temporary}/x"),
    "removal": "import os\nos.unlink('{outside}/removed')\n",
    "renaming": "import os\nos.rename('{outside}/renamed', '{outside}/new-name')\n",
    "moving-in": "import os\nos.rename('{outside}/moved', 'here')\n",
    "truncation": "import os\nos.truncate({secret!r}, 1)\n",
    "truncation-of-what-may-be-read": "import os\nos.open('{source}/data.txt', os.O_RDONLY | os.O_TRUNC)\n",
    "mode": "import os\nos.chmod({secret!r}, 0o777)\n",
    "mode-of-what-may-be-read": "import os\nos.fchmod(os.open('{source}/data.txt', 0), 0o777)\n",
    "owner": "import os\nos.chown({secret!r}, os.getuid(), os.getgid())\n",
    "time": "import os\nos.utime({secret!r}, (1, 1))\n",
    "attribute": "import os\nos.setxattr({secret!r}, 'user.kerasshape', b'x')\n",
    "folder": "import os\nos.mkdir('{outside}/folder')\n",
    "symbolic-link": "import os\nos.symlink('/etc', '{outside}/link')\n",
    "pipe": "import os\nos.mkfifo('{outside}/pipe')\n",
    "hard-link-to-a-page": "import os\nos.link('{source}/data.txt', 'data')\nopen('data', 'a').write('x')\n",
    "by-the-descriptor-of-a-page": "import os\nfile = open('{source}/data.txt')\n"
    "open(f'/proc/self/fd/{{file.fileno()}}', 'a').write('x')\n",
    "by-a-shell": "import subprocess\nsubprocess.run(f'echo x > {outside}/shell', shell=True, check=True)\n",
}
PROCESSES = {
    "signal-to-the-parent": "import os\nos.kill(os.getppid(), 0)\n",
    "signal-to-another": "import os\nos.kill({victim}, 0)\n",
    "signal-to-a-thread": f"{_CALL}call(234, {{victim}}, {{victim}}, 0)\n",
    "signal-by-descriptor": "import os, signal\nsignal.pidfd_send_signal(os.pidfd_open({victim}), 0)\n",
    "descriptor-of-another": f"{_CALL}call(438, os.pidfd_open({{victim}}), 1, 0)\n",
    "ptrace": f"{_CALL}call(101, 0x4206, {{victim}}, 0, 0)\n",
    "memory-of-another": f"{_CALL}"
    "class Part(ctypes.Structure):\n    _fields_ = [('at', ctypes.c_void_p), ('size', ctypes.c_size_t)]\n"
    "place = int(open('/proc/{victim}/maps').readline().partition('-')[0], 16)\n"
    "mine = ctypes.create_string_buffer(1)\n"
    "call(310, {victim}, ctypes.byref(Part(ctypes.addressof(mine), 1)), 1, "
    "ctypes.byref(Part(place, 1)), 1, 0)\n",
    "memory-written-to-another": f"{_CALL}"
    "class Part(ctypes.Structure):\n    _fields_ = [('at', ctypes.c_void_p), ('size', ctypes.c_size_t)]\n"
    "call(311, {victim}, ctypes.byref(Part(None, 0)), 1, ctypes.byref(Part(None, 0)), 1, 0)\n",
    "signal-with-a-value": f"{_CALL}information = ctypes.create_string_buffer(128)\n"
    "information[8:12] = (-1).to_bytes(4, 'little', signed=True)\ncall(129, {victim}, 0, information)\n",
    "scheduling-of-another": "import os\n"
    "os.sched_setscheduler({victim}, os.SCHED_BATCH, os.sched_param(0))\n",
    "input-and-output-of-another": f"{_CALL}call(251, 1, {{victim}}, 2 << 13 | 5)\n",
    "program-with-the-rights-of-root": "import subprocess\n"
    "subprocess.run(['su', '-s', '/bin/true', 'nobody'], check=True)\n",
    "limit-of-another": "import resource\nresource.prlimit({victim}, resource.RLIMIT_NOFILE)\n",
    "priority-of-another": "import os\nos.setpriority(os.PRIO_PROCESS, {victim}, 5)\n",
    "processor-of-another": "import os\nos.sched_setaffinity({victim}, os.sched_getaffinity({victim}))\n",
    "signals-of-a-descriptor": "import fcntl, os\nfcntl.fcntl(os.pipe()[0], 8, {victim})\n",
    "comparison-with-another": f"{_CALL}call(312, os.getpid(), {{victim}}, 1, 0, 0)\n",
}
SOCKETS = {
    "connection": "import socket\nsocket.create_connection(('127.0.0.1', {port})).close()\n",
    "datagram": "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
    ".sendto(b'x', ('127.0.0.1', {port}))\n",
    "listening": "import socket\nsocket.create_server(('127.0.0.1', 0)).close()\n",
    "version-6": "import socket\nsocket.socket(socket.AF_INET6).close()\n",
    "socket-in-the-file-system": "import socket\nsocket.socket(socket.AF_UNIX).connect({socket!r})\n",
    "socket-in-the-own-folder": "import socket\nsocket.socket(socket.AF_UNIX).bind('s')\n",
    "abstract-socket": "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0' + {mark!r})\n",
    "pair-that-is-connected-elsewhere": "import socket\n"
    "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].close()\n",
    "netlink": "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()\n",
    "packets": "import socket\nsocket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()\n",
    "raw": "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()\n",
    "virtual-machines": "import socket\nsocket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).close()\n",
    "download": "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:{port}/').read(1)\n",
}
KERNEL = {
    "io-uring": f"{_CALL}call(425, 1, ctypes.create_string_buffer(256))\n",
    "programs-in-the-kernel": f"{_CALL}call(321, 0, (ctypes.c_uint32 * 16)(2, 4, 4, 1), 64)\n",
    "counters-of-the-kernel": f"{_CALL}attributes = (ctypes.c_uint32 * 32)(1, 128)\n"
    "os.close(call(298, attributes, 0, -1, -1, 0))\n",
    "faults-of-memory": f"{_CALL}os.close(call(323, 0o4000))\n",
    "keys": f"{_CALL}call(250, 0, -3, 1)\n",
    "new-key": f"{_CALL}call(248, b'user', {{mark!r}}.encode(), b'x', 1, -2)\n",
    "watch-of-a-folder": f"{_CALL}os.close(call(294, 0))\n",
    "watch-of-the-machine": f"{_CALL}os.close(call(300, 0, 0))\n",
    "process-in-new-namespaces": f"{_CALL}arguments = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17)\n"
    "child = call(435, arguments, 88)\nif not child:\n    os._exit(0)\nos.waitpid(child, 0)\n",
    "user-namespace": f"{_CALL}call(272, 0x10000000)\n",
    "mount-namespace": f"{_CALL}call(272, 0x00020000)\n",
    "mount": f"{_CALL}here = os.getcwd().encode()\n"
    "call(165, b'none', here, b'tmpfs', 0, None)\ncall(166, here, 0)\n",
    "root-folder": "import os\nos.chroot('/')\n",
    "shared-memory": f"{_CALL}name = ('/' + {{mark!r}}).encode()\n"
    "if libc.shm_open(name, 0o102, 0o600) < 0:\n    raise OSError(ctypes.get_errno(), 'refused')\n"
    "libc.shm_unlink(name)\n",
    "shared-semaphore": f"{_CALL}name = ('/' + {{mark!r}}).encode()\n"
    "libc.sem_open.restype = ctypes.c_void_p\n"
    "if not libc.sem_open(name, 0o100, 0o600, 1):\n    raise OSError(ctypes.get_errno(), 'refused')\n"
    "libc.sem_unlink(name)\n",
    "shared-memory-of-system-v": f"{_CALL}call(31, call(29, 0, 4096, 0o600), 0, None)\n",
    "queue-of-system-v": f"{_CALL}call(71, call(68, 0, 0o600), 0, None)\n",
    "semaphore-of-system-v": f"{_CALL}call(66, call(64, 0, 1, 0o600), 0, 0)\n",
    "queue-of-messages": f"{_CALL}name = {{mark!r}}.encode()\n"
    "call(240, name, 0o102, 0o600, None)\ncall(241, name)\n",
    "handle-of-a-file": f"{_CALL}"
    "handle = ctypes.create_string_buffer(b'\\x80' + bytes(200))\nmount = ctypes.c_int()\n"
    "call(303, -100, {secret!r}.encode(), handle, ctypes.byref(mount), 0)\n",
    "time-of-the-machine": "import time\ntime.clock_settime(time.CLOCK_REALTIME, time.time())\n",
    "own-device": "import os, stat\nos.mknod('null', stat.S_IFCHR | 0o600, os.makedev(1, 3))\n",
}
ATTACKS = {**READING, **WRITING, **PROCESSES, **SOCKETS, **KERNEL}
