using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Kopis.Web.Login;

/// <summary>Recognises a browser that has signed in before by a cookie that the server has signed.
/// The cookie does not sign anybody in. It gives the browser its own limit of wrong passwords, so
/// that strangers who use up the common limit do not lock its owner out (OWASP, Slow Down Online
/// Guessing Attacks with Device Cookies). A new password makes all such cookies void.</summary>
internal static class KnownBrowser
{
    private const int IdBytes = 16;
    private const int CookieBytes = IdBytes + SHA256.HashSizeInBytes;

    /// <summary>A new cookie's value.</summary>
    internal static string New(byte[] key)
    {
        byte[] id = RandomNumberGenerator.GetBytes(IdBytes);
        return Base64Url.EncodeToString([.. id, .. HMACSHA256.HashData(key, id)]);
    }

    /// <summary>The number of a browser; null if the cookie is not ours.</summary>
    internal static ulong? Find(string? cookie, byte[] key)
    {
        Span<byte> bytes = stackalloc byte[CookieBytes];
        return cookie is { Length: <= 2 * CookieBytes }
            && Base64Url.IsValid(cookie, out int length) && length == CookieBytes
            && Base64Url.TryDecodeFromChars(cookie, bytes, out int _)
            && CryptographicOperations.FixedTimeEquals(
                HMACSHA256.HashData(key, bytes[..IdBytes]), bytes[IdBytes..])
            ? BinaryPrimitives.ReadUInt64LittleEndian(bytes)
            : null;
    }
}
