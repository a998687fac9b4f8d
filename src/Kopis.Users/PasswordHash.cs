using System.Globalization;
using System.Security.Cryptography;

namespace Kopis.Users;

/// <summary>
/// Password hashes of virtual users: <c>pbkdf2-sha256$ITERATIONS$SALT$KEY</c>, base64
/// (docs/decisions/passwords.md).
/// </summary>
public static class PasswordHash
{
    private const string Scheme = "pbkdf2-sha256";
    private const int Iterations = 600_000; // OWASP Password Storage Cheat Sheet, 2023.
    private const int IterationsMax = 10_000_000; // A hash must not become a way to burn CPU.
    private const int SaltBytes = 16;
    private const int KeyBytes = 32;
    private const int FieldBytesMax = 64; // Of salt and key; room for other schemes' sizes.
    private const string Locked = "!";

    /// <summary>A hash that no password matches, at the cost of one that could: an unknown user
    /// takes as long as a wrong password.</summary>
    public static string Unmatchable { get; } =
        Format(Iterations, new byte[SaltBytes], new byte[KeyBytes]);

    /// <summary>A new hash with a salt of its own.</summary>
    public static string Create(ReadOnlySpan<byte> password)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        byte[] key = Rfc2898DeriveBytes.Pbkdf2(
            password, salt, Iterations, HashAlgorithmName.SHA256, KeyBytes);
        return Format(Iterations, salt, key);
    }

    /// <summary>Whether the text is a hash, or the <c>!</c> that no password matches.</summary>
    public static bool IsValid(string hash) =>
        hash == Locked || TryParse(hash, out _, out _, out _);

    /// <summary>Whether the password is the hash's. False too for a hash that is none, and then
    /// at the cost of one that is.</summary>
    public static bool Verify(string hash, ReadOnlySpan<byte> password)
    {
        bool valid = TryParse(hash, out int iterations, out byte[] salt, out byte[] key);
        if (!valid)
        {
            (iterations, salt, key) = (Iterations, new byte[SaltBytes], new byte[KeyBytes]);
        }

        byte[] made = Rfc2898DeriveBytes.Pbkdf2(
            password, salt, iterations, HashAlgorithmName.SHA256, key.Length);
        return CryptographicOperations.FixedTimeEquals(made, key) && valid;
    }

    private static bool TryParse(string hash, out int iterations, out byte[] salt, out byte[] key)
    {
        string[] parts = hash.Split('$');
        iterations = 0;
        salt = key = [];
        return parts.Length == 4 && parts[0] == Scheme
            && int.TryParse(
                parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out iterations)
            && iterations is >= 1 and <= IterationsMax
            && TryDecode(parts[2], SaltBytes, out salt)
            && TryDecode(parts[3], KeyBytes, out key);
    }

    private static bool TryDecode(string text, int bytesMin, out byte[] bytes)
    {
        Span<byte> decoded = stackalloc byte[FieldBytesMax];
        bool valid = Convert.TryFromBase64String(text, decoded, out int length)
            && length >= bytesMin;
        bytes = valid ? decoded[..length].ToArray() : [];
        return valid;
    }

    private static string Format(int iterations, byte[] salt, byte[] key) =>
        $"{Scheme}${iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(key)}";
}
