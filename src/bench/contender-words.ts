/**
 * Words that the benchmark and its second thread share. The benchmark writes the first and the last, the other thread
 * the one between; who waits for a word looks at it again after each notification.
 */

/** How many locks are wanted of the thread, in all. */
export const WANTED = 0;
/** How many it has taken. */
export const TAKEN = 1;
/** Not 0: it shall end. */
export const END = 2;
