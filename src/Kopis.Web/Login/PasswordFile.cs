using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Logins;

namespace Kopis.Web.Login;

/// <summary><c>web/password</c>: the hash of the dashboard's password, which <c>kopis web
/// password</c> writes. It is read for each request, so that a new password counts at once.
/// </summary>
/// <param name="directory">The directory <c>web</c>.</param>
internal sealed class PasswordFile(string directory)
{
    private const string Name = "password";
    private const int BytesMax = 4096;
    private const int KeyBytes = 32;
    private static readonly byte[] BrowserPurpose = "kopis-web known browsers"u8.ToArray();
    private static readonly byte[] SessionPurpose = "kopis-web sessions"u8.ToArray();

    /// <summary>The hash; null where there is none, or it is not ours alone.</summary>
    internal string? Read()
    {
        try
        {
            using Beneath? tree = Beneath.TryOpenOwn(directory);
            byte[]? content =
                tree?.TryReadFile(Name, BytesMax, out int _, Processes.EffectiveUid);
            string hash = ByteText.ToText(content ?? []).TrimEnd('\n');
            return PasswordHash.IsValid(hash) && !PasswordHash.IsLocked(hash) ? hash : null;
        }
        catch (PosixException)
        {
            return null; // There is no such directory.
        }
    }

    /// <summary>A key that is another one with another password.</summary>
    internal static byte[] BrowserKey(string hash) => Derive(hash, BrowserPurpose);

    /// <summary>What sessions remember of the password that they began with.</summary>
    internal static byte[] Fingerprint(string hash) => Derive(hash, SessionPurpose);

    private static byte[] Derive(string hash, byte[] purpose) => HKDF.DeriveKey(
        HashAlgorithmName.SHA256, Encoding.ASCII.GetBytes(hash), KeyBytes, info: purpose);
}
