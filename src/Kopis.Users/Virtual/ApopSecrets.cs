using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Kopis.Base;
using Kopis.Users.Logins;

namespace Kopis.Users.Virtual;

/// <summary><c>users/apop</c>: one user a line, <c>address:secret</c>. APOP makes its digest from
/// the password itself, so the file has passwords in the clear. It is only for users whose clients
/// support nothing better (docs/decisions/passwords.md). May be used from many threads.</summary>
/// <param name="homeDirectory">The qmail home.</param>
/// <param name="complain">Logs wrong lines, each once; null: no log.</param>
public sealed class ApopSecrets(string homeDirectory, Action<string>? complain = null)
{
    internal static readonly TableFormat Format = new(
        "apop", "address:secret",
        (key, rest) => VirtualAddress.Check(key) is null && rest is [not '\0', ..]);

    private const int DigestBytes = 2 * MD5.HashSizeInBytes; // In hexadecimal.

    private readonly TableReader _table =
        new(VirtualUsers.UsersDirectory(homeDirectory), Format, complain);

    /// <summary>Whether a digest is right for the account.</summary>
    /// <param name="candidate">The account, which may be locked.</param>
    /// <param name="stamp">The stamp of the greeting.</param>
    /// <param name="digest">The digest that the client sent.</param>
    /// <exception cref="ConfigurationException">The file cannot be read or parsed.</exception>
    public bool IsRight(Candidate candidate, ReadOnlySpan<byte> stamp, ReadOnlySpan<byte> digest)
    {
        // An account without keys is a user of the host, or cannot log in.
        if (candidate is not { Account: { } account, Keys: not null }
            || _table.Find(ByteText.ToBytes(account.Name)) is not { } secret)
        {
            return false;
        }

        return digest.Length == DigestBytes && CryptographicOperations.FixedTimeEquals(
            DigestOf(stamp, ByteText.ToBytes(secret)), Ascii8.ToLower(digest));
    }

    /// <summary>The digest that a client with the secret sends (RFC 1939 §7).</summary>
    [SuppressMessage("Security", "CA5351", Justification = "RFC 1939 has it so.")]
    internal static byte[] DigestOf(ReadOnlySpan<byte> stamp, ReadOnlySpan<byte> secret) =>
        ByteText.ToBytes(Convert.ToHexStringLower(MD5.HashData([.. stamp, .. secret])));
}
