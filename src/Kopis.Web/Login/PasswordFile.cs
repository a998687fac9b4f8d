using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Logins;

namespace Kopis.Web.Login;

/// <summary><c>web/password</c>: the hash of the dashboard's password, which <c>kopis web
/// password</c> writes. The file is read for each request, so that a new password takes effect at
/// once.</summary>
/// <param name="directory">The directory <c>web</c>.</param>
internal sealed class PasswordFile(string directory)
{
    private const string Name = "password";
    private const string TokenName = "token";
    private const int BytesMax = 4096;
    private const int KeyBytes = 32;
    private static readonly byte[] BrowserPurpose = "kopis-web known browsers"u8.ToArray();
    private static readonly byte[] OwnBrowserPurpose = "kopis-web users' browsers"u8.ToArray();
    private static readonly byte[] SessionPurpose = "kopis-web sessions"u8.ToArray();

    /// <summary>The hash; null if there is none, or if others have rights to the file.</summary>
    internal string? Read()
    {
        string hash = Line(Name);
        return PasswordHash.IsValid(hash) && !PasswordHash.IsLocked(hash) ? hash : null;
    }

    /// <summary>Whether a monitor's token matches the digest in <c>web/token</c>. The token has 256
    /// random bits, so guesses are not counted.</summary>
    internal bool IsToken(string token)
    {
        byte[] wanted = ByteText.ToBytes(Line(TokenName));
        byte[] given = Encoding.ASCII.GetBytes(
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token))));
        return CryptographicOperations.FixedTimeEquals(given, wanted);
    }

    /// <summary>The key for cookies of known browsers; it changes with the password.</summary>
    internal static byte[] BrowserKey(string hash) => Derive(hash, BrowserPurpose);

    /// <summary>The key for cookies of mail users' browsers. It outlives a restart, like the counts
    /// of wrong passwords in qmail-lookup.</summary>
    internal static byte[] OwnBrowserKey(string hash) => Derive(hash, OwnBrowserPurpose);

    /// <summary>What a session keeps to recognise the password with which it began.</summary>
    internal static byte[] Fingerprint(string hash) => Derive(hash, SessionPurpose);

    /// <summary>The only line of a file of ours; empty if there is none.</summary>
    private string Line(string name)
    {
        try
        {
            using Beneath? tree = Beneath.TryOpenOwn(directory);
            byte[]? content =
                tree?.TryReadFile(name, BytesMax, out int _, Processes.EffectiveUid);
            return ByteText.ToText(content ?? []).TrimEnd('\n');
        }
        catch (PosixException)
        {
            return ""; // The directory does not exist.
        }
    }

    private static byte[] Derive(string hash, byte[] purpose) => HKDF.DeriveKey(
        HashAlgorithmName.SHA256, Encoding.ASCII.GetBytes(hash), KeyBytes, info: purpose);
}
