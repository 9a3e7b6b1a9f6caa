/**
 * An image verifier that goes by a list in a file. Start at {@link
 * com.example.allowlist.AllowlistVerifier}.
 */
package com.example.allowlist;
