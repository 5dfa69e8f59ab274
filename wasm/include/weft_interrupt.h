/* Interrupts that end something else than what they were meant for. */
#ifndef WEFT_INTERRUPT_H
#define WEFT_INTERRUPT_H

/* Called by CPython, attached, when it has reported a KeyboardInterrupt that it ignores, as those in finalizers and in
 * callbacks of weak references: where the host gave up a call, and may not do so again, its code is interrupted anew. */
void weft_interrupt_ignored(void);

#endif
