/* The hash seed of Python that the build has started already (wasm/snapshot/seed.c). */
#ifndef WEFT_SEED_H
#define WEFT_SEED_H

/* Build: lists what depends on the hash seed, in Python that has just started; aborts where something could not be renewed. The
 * calling thread is the only one, and attached. */
void weft_seed_prepare(void);
/* Another seed, before anything else is hashed: that of PYTHONHASHSEED, or a random one for NULL. -1 with an exception. */
int weft_seed_renew(const char *given);

#endif
