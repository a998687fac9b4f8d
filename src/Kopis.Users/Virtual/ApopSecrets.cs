using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Kopis.Base;
using Kopis.Users.Logins;

namespace Kopis.Users.Virtual;

/// <summary>
/// <c>users/apop</c>: one user a line, <c>address:secret</c>. APOP's digest is of the password
/// itself, so here it stands as it is: for those only whose clients can nothing better
/// (docs/decisions/passwords.md). May be used from many threads.
/// </summary>
/// <param name="homeDirectory">The qmail home.</param>
/// <param name="complain">Logs wrong lines, once; null: nothing.</param>
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
    /// <param name="stamp">The greeting's.</param>
    /// <param name="digest">What the client says.</param>
    /// <exception cref="ConfigurationException">The file cannot be read or understood.</exception>
    public bool IsRight(Candidate candidate, ReadOnlySpan<byte> stamp, ReadOnlySpan<byte> digest)
    {
        // One without keys is a user of the host, or cannot log in.
        if (candidate is not { Account: { } account, Keys: not null }
            || _table.Find(ByteText.ToBytes(account.Name)) is not { } secret)
        {
            return false;
        }

        return digest.Length == DigestBytes && CryptographicOperations.FixedTimeEquals(
            DigestOf(stamp, ByteText.ToBytes(secret)), Ascii8.ToLower(digest));
    }

    /// <summary>What a client that knows the secret says (RFC 1939 §7).</summary>
    [SuppressMessage("Security", "CA5351", Justification = "RFC 1939 has it so.")]
    internal static byte[] DigestOf(ReadOnlySpan<byte> stamp, ReadOnlySpan<byte> secret) =>
        ByteText.ToBytes(Convert.ToHexStringLower(MD5.HashData([.. stamp, .. secret])));
}
