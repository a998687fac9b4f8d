using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Kopis.Users.Settings;

/// <summary>
/// qmail-lookup's word that the login of a channel still holds, good for a moment: each request to
/// a <see cref="SettingsServer"/> comes with one. The dashboard asks for it and passes it on, and
/// can make none: the key is known to qmail-lookup and to the user's own process alone.
/// </summary>
/// <remarks>u64 until, little-endian, in milliseconds of the monotonic clock; its HMAC-SHA-256.
/// </remarks>
internal static class SettingsRight
{
    /// <summary>Of a key, and of what it makes of a text.</summary>
    internal const int KeyBytes = SHA256.HashSizeInBytes;

    /// <summary>How long one is good; listeners ask as often whether a login holds.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    /// <summary>The key of the channels that one login may open. A locked account, or one with
    /// another password, has another mark, and so gets nothing that they take.</summary>
    /// <param name="secret">Of qmail-lookup alone: what its tickets are signed by.</param>
    /// <param name="account">Whose.</param>
    /// <param name="mark">Of the account as it was judged (<see cref="Logins.LoginMarks"/>); all
    /// have one length.</param>
    internal static byte[] KeyOf(
        ReadOnlySpan<byte> secret, ReadOnlySpan<byte> account, ReadOnlySpan<byte> mark)
    {
        byte[] own = HMACSHA256.HashData(secret, "kopis settings"u8);
        byte[] content = [.. mark, .. account];
        return HMACSHA256.HashData(own, content);
    }

    /// <summary>One that is good from now on.</summary>
    /// <param name="key">By <see cref="KeyOf"/>.</param>
    /// <param name="now">By <see cref="Tickets.ReaderTicket.Now"/>.</param>
    internal static byte[] Make(ReadOnlySpan<byte> key, long now)
    {
        byte[] until = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(until, now + (long)Lifetime.TotalMilliseconds);
        return [.. until, .. HMACSHA256.HashData(key, until)];
    }

    /// <summary>Whether one is of this key, and good now.</summary>
    internal static bool IsGood(ReadOnlySpan<byte> right, ReadOnlySpan<byte> key, long now) =>
        right.Length == sizeof(long) + KeyBytes
        && CryptographicOperations.FixedTimeEquals(
            HMACSHA256.HashData(key, right[..sizeof(long)]), right[sizeof(long)..])
        && BinaryPrimitives.ReadInt64LittleEndian(right) >= now;
}
