using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Kopis.Users.Settings;

/// <summary>A statement of qmail-lookup, valid for a moment, that the login of a channel is still
/// valid. Each request to a <see cref="SettingsServer"/> carries one. The dashboard asks for it and
/// passes it on, but cannot make one: only qmail-lookup and the user's own process know the key.
/// </summary>
/// <remarks>u64 expiry time, little-endian, in milliseconds of the monotonic clock; its
/// HMAC-SHA-256.</remarks>
internal static class SettingsRight
{
    /// <summary>The length of a key, and of the HMAC.</summary>
    internal const int KeyBytes = SHA256.HashSizeInBytes;

    /// <summary>How long a right is valid. Listeners check as often whether a login is still valid.
    /// </summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    /// <summary>The key for the channels that one login may open. If the account is locked or its
    /// password changed, its mark is different, and what it gets then does not fit these channels.
    /// </summary>
    /// <param name="secret">The secret that only qmail-lookup has: the one that signs its tickets.
    /// </param>
    /// <param name="account">The account of the login.</param>
    /// <param name="mark">The mark of the account when it was checked
    /// (<see cref="Logins.LoginMarks"/>); all marks have the same length.</param>
    internal static byte[] KeyOf(
        ReadOnlySpan<byte> secret, ReadOnlySpan<byte> account, ReadOnlySpan<byte> mark)
    {
        byte[] own = HMACSHA256.HashData(secret, "kopis settings"u8);
        byte[] content = [.. mark, .. account];
        return HMACSHA256.HashData(own, content);
    }

    /// <summary>Makes a right that is valid from now on.</summary>
    /// <param name="key">A key made by <see cref="KeyOf"/>.</param>
    /// <param name="now">The time by <see cref="Tickets.ReaderTicket.Now"/>.</param>
    internal static byte[] Make(ReadOnlySpan<byte> key, long now)
    {
        byte[] until = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(until, now + (long)Lifetime.TotalMilliseconds);
        return [.. until, .. HMACSHA256.HashData(key, until)];
    }

    /// <summary>Whether a right was made with this key, and is valid now.</summary>
    internal static bool IsGood(ReadOnlySpan<byte> right, ReadOnlySpan<byte> key, long now) =>
        right.Length == sizeof(long) + KeyBytes
        && CryptographicOperations.FixedTimeEquals(
            HMACSHA256.HashData(key, right[..sizeof(long)]), right[sizeof(long)..])
        && BinaryPrimitives.ReadInt64LittleEndian(right) >= now;
}
