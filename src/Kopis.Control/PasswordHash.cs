using System.Globalization;
using System.Security.Cryptography;

namespace Kopis.Control;

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

    /// <summary>Whether the password is the hash's; false too for a hash that is none.</summary>
    public static bool Verify(string hash, ReadOnlySpan<byte> password)
    {
        string[] parts = hash.Split('$');
        if (parts.Length != 4 || parts[0] != Scheme
            || !int.TryParse(
                parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int iterations)
            || iterations is < 1 or > IterationsMax)
        {
            return false;
        }

        Span<byte> salt = stackalloc byte[64];
        Span<byte> key = stackalloc byte[64];
        if (!Convert.TryFromBase64String(parts[2], salt, out int saltBytes)
            || !Convert.TryFromBase64String(parts[3], key, out int keyBytes)
            || keyBytes < KeyBytes)
        {
            return false;
        }

        byte[] made = Rfc2898DeriveBytes.Pbkdf2(
            password, salt[..saltBytes], iterations, HashAlgorithmName.SHA256, keyBytes);
        return CryptographicOperations.FixedTimeEquals(made, key[..keyBytes]);
    }

    private static string Format(int iterations, byte[] salt, byte[] key) =>
        $"{Scheme}${iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(key)}";
}
