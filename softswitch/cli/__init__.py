"""The command line: parse, call one method or one URL, render. Exit codes: 0 done, 1 failed, 2 misused.

``main`` starts and checks; ``show`` asks a running switch what is happening; ``agent`` and ``promise`` give it orders;
``bench`` measures. What a running switch is asked goes over its HTTP API (``client``), so the command line sees
exactly what any other tool sees.
"""
