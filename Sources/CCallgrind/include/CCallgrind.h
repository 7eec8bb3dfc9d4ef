// What a program says to callgrind, valgrind's counter of instructions: count from here, count no more.

#ifndef CCALLGRIND_H
#define CCALLGRIND_H

/// Begins to count; whether anything does: without callgrind, or built without valgrind's headers,
/// nothing happens.
int callgrind_begin(void);

/// Counts no more.
void callgrind_end(void);

#endif
