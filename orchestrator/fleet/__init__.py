"""The daemon's work on more than one machine: Celery carries a message a stack and tick to whoever is free.

    Daemon ──▶ Messages ──▶ broker ──▶ worker: Reconciler
                   ▲                        │
                   └── Report in the store ◀┘

The daemon only schedules. A broker promises little: a message may come twice, late or not at all, and not every broker
carries answers. So whoever works on a stack tells what it sees in the stack's store, where the daemon finds it.
Connections, pools of processes, signals and redelivery are Celery's.
"""
