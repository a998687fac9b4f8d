using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Kopis.Web.Login;

/// <summary>A browser that has signed in before: a cookie that the server has signed. It lets
/// nobody in; it has its own bound of wrong passwords, so that those who guess at the common one do
/// not shut its owner out (OWASP, Slow Down Online Guessing Attacks with Device Cookies). All are
/// void with a new password.</summary>
internal static class KnownBrowser
{
    private const int IdBytes = 16;
    private const int CookieBytes = IdBytes + SHA256.HashSizeInBytes;

    /// <summary>The value of a cookie.</summary>
    internal static string New(byte[] key)
    {
        byte[] id = RandomNumberGenerator.GetBytes(IdBytes);
        return Base64Url.EncodeToString([.. id, .. HMACSHA256.HashData(key, id)]);
    }

    /// <summary>The number of a browser; null: the cookie is not ours.</summary>
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
