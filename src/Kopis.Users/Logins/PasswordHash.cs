using System.Globalization;
using System.Security.Cryptography;

namespace Kopis.Users.Logins;

/// <summary>
/// Password hashes of virtual users: <c>scram-sha-256$ITERATIONS$SALT$STOREDKEY$SERVERKEY</c>, or
/// <c>pbkdf2-sha256$ITERATIONS$SALT$KEY</c> of older files; base64 (docs/decisions/passwords.md).
/// </summary>
public static class PasswordHash
{
    private const string Scram = "scram-sha-256";
    private const string Pbkdf2 = "pbkdf2-sha256";
    private const int IterationsMax = 10_000_000; // A hash must not use up the CPU.
    private const int SaltBytes = 16;
    private const int KeyBytes = 32;
    private const int FieldBytesMax = 64; // For salt and key; leaves room for other sizes.
    private const string Locked = "!";

    /// <summary>For a new hash. OWASP Password Storage Cheat Sheet, 2023.</summary>
    public const int Iterations = 600_000;

    /// <summary>A hash that no password matches, but that takes as long to check as any other: a
    /// login of an unknown user takes as long as one with a wrong password.</summary>
    public static string Unmatchable { get; } = Format(new ScramKeys(
        Iterations, new byte[SaltBytes], new byte[KeyBytes], new byte[KeyBytes]));

    /// <summary>Makes a new hash with a random salt.</summary>
    public static string Create(ReadOnlySpan<byte> password)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        byte[] key = Derive(password, salt, Iterations, KeyBytes);
        string hash = Format(ScramKeys.Of(Iterations, salt, key));
        CryptographicOperations.ZeroMemory(key);
        return hash;
    }

    /// <summary>Whether the text is a hash, a locked hash, or the lone <c>!</c> that no password
    /// matches.</summary>
    public static bool IsValid(string hash) =>
        hash == Locked || TryParseScram(Unlock(hash)) is not null
        || TryParsePbkdf2(Unlock(hash)) is not null;

    /// <summary>Whether the hash is locked, so that its user may not log in by any means.</summary>
    public static bool IsLocked(string hash) =>
        hash.StartsWith(Locked, StringComparison.Ordinal);

    /// <summary>Locks a hash, so that nobody can log in and it can be unlocked later: a <c>!</c> is
    /// put before it, as in shadow(5).</summary>
    public static string Lock(string hash) => IsLocked(hash) ? hash : Locked + hash;

    /// <summary>Unlocks a hash; a lone <c>!</c> stays.</summary>
    public static string Unlock(string hash) =>
        IsLocked(hash) && hash.Length > Locked.Length ? hash[Locked.Length..] : hash;

    /// <summary>The keys for SCRAM; null if the text is not a hash, or SCRAM cannot use it.
    /// </summary>
    public static ScramKeys? KeysOf(string hash) =>
        TryParseScram(hash)
        // The key of our older form is SCRAM's SaltedPassword.
        ?? (TryParsePbkdf2(hash) is { Key.Length: KeyBytes } old
            ? ScramKeys.Of(old.Iterations, old.Salt, old.Key)
            : null);

    /// <summary>Whether the password matches the hash. False for a text that is not a hash, after
    /// the time that a check takes.</summary>
    public static bool Verify(string hash, ReadOnlySpan<byte> password)
    {
        if (TryParsePbkdf2(hash) is { } old)
        {
            byte[] made = Derive(password, old.Salt, old.Iterations, old.Key.Length);
            return CryptographicOperations.FixedTimeEquals(made, old.Key);
        }

        ScramKeys? keys = TryParseScram(hash);
        ScramKeys at = keys ?? TryParseScram(Unmatchable)!;
        ScramKeys given = ScramKeys.Of(
            at.Iterations, at.Salt, Derive(password, at.Salt, at.Iterations, KeyBytes));
        return CryptographicOperations.FixedTimeEquals(given.StoredKey, at.StoredKey)
            && keys is not null;
    }

    private static byte[] Derive(
        ReadOnlySpan<byte> password, byte[] salt, int iterations, int length) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, length);

    private static ScramKeys? TryParseScram(string hash)
    {
        string[] parts = hash.Split('$');
        return parts.Length == 5 && parts[0] == Scram
            && TryIterations(parts[1]) is { } iterations
            && TryDecode(parts[2], SaltBytes) is { } salt
            && TryDecode(parts[3], KeyBytes) is { Length: KeyBytes } stored
            && TryDecode(parts[4], KeyBytes) is { Length: KeyBytes } server
                ? new ScramKeys(iterations, salt, stored, server)
                : null;
    }

    private static (int Iterations, byte[] Salt, byte[] Key)? TryParsePbkdf2(string hash)
    {
        string[] parts = hash.Split('$');
        return parts.Length == 4 && parts[0] == Pbkdf2
            && TryIterations(parts[1]) is { } iterations
            && TryDecode(parts[2], SaltBytes) is { } salt
            && TryDecode(parts[3], KeyBytes) is { } key
                ? (iterations, salt, key)
                : null;
    }

    private static int? TryIterations(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int iterations)
            && iterations is >= 1 and <= IterationsMax
            ? iterations
            : null;

    private static byte[]? TryDecode(string text, int bytesMin)
    {
        Span<byte> decoded = stackalloc byte[FieldBytesMax];
        return Convert.TryFromBase64String(text, decoded, out int length) && length >= bytesMin
            ? decoded[..length].ToArray()
            : null;
    }

    private static string Format(ScramKeys keys) => string.Join(
        '$', Scram, keys.Iterations.ToString(CultureInfo.InvariantCulture),
        Convert.ToBase64String(keys.Salt), Convert.ToBase64String(keys.StoredKey),
        Convert.ToBase64String(keys.ServerKey));
}
