/**
 * A log driver that writes JSON lines into files. Start at {@link com.example.jsonlog.JsonLines}.
 */
package com.example.jsonlog;
