using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Kopis.Web.Login;

/// <summary>Random values of 256 bits, which nobody can guess.</summary>
internal static class Secrets
{
    private const int Bytes = 32;

    /// <summary>A new value.</summary>
    internal static string New() =>
        Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>The digest that is kept of a value, so that leaked memory signs nobody in.
    /// </summary>
    internal static string KeyOf(string secret) =>
        Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>Whether a form has the token of its session.</summary>
    internal static bool AreSame(string one, string other) =>
        CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));
}
