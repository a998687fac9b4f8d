using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Kopis.Posix;
using Kopis.Users.Logins;
using Kopis.Users.Recipients;

namespace Kopis.Users.Tickets;

/// <summary>
/// Proof from qmail-lookup that a user has just logged in. The listener returns it with the socket
/// for the user's qmail-pop3d. A listener can neither make nor change one: it is signed with
/// HMAC-SHA-256, under a key that never leaves qmail-lookup.
/// </summary>
/// <remarks>u64 until (milliseconds of the monotonic clock), 16 bytes that occur once, u32 uid,
/// u32 gid, name NUL, home NUL, for settings the account's mark, 32 bytes HMAC. Numbers are
/// little-endian.</remarks>
/// <param name="Until">When it expires, by <see cref="Now"/>.</param>
/// <param name="Number">Unique to this login.</param>
/// <param name="User">Whose mailbox.</param>
/// <param name="Mark">The account's mark when it was checked; empty: the ticket is for mail.
/// </param>
public sealed record ReaderTicket(long Until, UInt128 Number, RecipientUser User, byte[] Mark)
{
    /// <summary>The key's length.</summary>
    public const int KeyBytes = SHA256.HashSizeInBytes;

    /// <summary>The longest ticket: has room for a name of 320 bytes and a path (PATH_MAX).
    /// </summary>
    public const int BytesMax = 5000;

    /// <summary>How long a ticket is valid. It must be long enough for a client to send its last
    /// message of SCRAM.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    private const int HeadBytes = 32;

    /// <summary>The clock that all processes of a host share, in milliseconds.</summary>
    public static long Now => (long)Stopwatch.GetElapsedTime(0).TotalMilliseconds;

    /// <summary>Makes a ticket for a login that has just succeeded.</summary>
    /// <param name="account">The account.</param>
    /// <param name="key">The key that signs it.</param>
    /// <param name="mark">The account's mark when it was checked, for a ticket for settings.
    /// </param>
    public static byte[] Make(
        Account account, ReadOnlySpan<byte> key, ReadOnlySpan<byte> mark = default)
    {
        byte[] text =
        [
            .. new byte[HeadBytes], .. Encoding.UTF8.GetBytes(account.Name), 0,
            .. Fd.PathBytes(account.Home), .. mark,
        ];
        BinaryPrimitives.WriteInt64LittleEndian(text, Now + (long)Lifetime.TotalMilliseconds);
        RandomNumberGenerator.Fill(text.AsSpan(8, 16));
        BinaryPrimitives.WriteUInt32LittleEndian(text.AsSpan(24), account.Uid);
        BinaryPrimitives.WriteUInt32LittleEndian(text.AsSpan(28), account.Gid);
        return [.. text, .. HMACSHA256.HashData(key, text)];
    }

    /// <summary>Parses and checks a ticket.</summary>
    /// <returns>Null if it was not made with this key.</returns>
    public static ReaderTicket? Open(ReadOnlySpan<byte> ticket, ReadOnlySpan<byte> key)
    {
        if (ticket.Length is < HeadBytes + KeyBytes or > BytesMax)
        {
            return null;
        }

        ReadOnlySpan<byte> text = ticket[..^KeyBytes];
        if (!CryptographicOperations.FixedTimeEquals(
            HMACSHA256.HashData(key, text), ticket[^KeyBytes..]))
        {
            return null;
        }

        ReadOnlySpan<byte> rest = text[HeadBytes..];
        int end = rest.IndexOf((byte)0);
        ReadOnlySpan<byte> home = end < 0 ? [] : rest[(end + 1)..];
        int homeEnd = home.IndexOf((byte)0);
        return homeEnd < 1 || home[0] != (byte)'/' ? null
            : new ReaderTicket(
                BinaryPrimitives.ReadInt64LittleEndian(text),
                BinaryPrimitives.ReadUInt128LittleEndian(text[8..]),
                new RecipientUser(
                    rest[..end].ToArray(), BinaryPrimitives.ReadUInt32LittleEndian(text[24..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(text[28..]),
                    home[..homeEnd].ToArray(), [], []),
                home[(homeEnd + 1)..].ToArray());
    }
}
