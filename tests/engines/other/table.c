/* other/table.c - a shared object that is no engine, for tests */
extern const int not_an_engine;

const int not_an_engine = 1;
