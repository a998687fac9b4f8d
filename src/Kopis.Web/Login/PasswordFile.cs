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
    private const string TokenName = "token";
    private const int BytesMax = 4096;
    private const int KeyBytes = 32;
    private static readonly byte[] BrowserPurpose = "kopis-web known browsers"u8.ToArray();
    private static readonly byte[] OwnBrowserPurpose = "kopis-web users' browsers"u8.ToArray();
    private static readonly byte[] SessionPurpose = "kopis-web sessions"u8.ToArray();

    /// <summary>The hash; null where there is none, or it is not ours alone.</summary>
    internal string? Read()
    {
        string hash = Line(Name);
        return PasswordHash.IsValid(hash) && !PasswordHash.IsLocked(hash) ? hash : null;
    }

    /// <summary>Whether a monitor has the token whose digest <c>web/token</c> has. It is 256 bits
    /// of chance, so guesses are not counted.</summary>
    internal bool IsToken(string token)
    {
        byte[] wanted = ByteText.ToBytes(Line(TokenName));
        byte[] given = Encoding.ASCII.GetBytes(
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token))));
        return CryptographicOperations.FixedTimeEquals(given, wanted);
    }

    /// <summary>A key that is another one with another password.</summary>
    internal static byte[] BrowserKey(string hash) => Derive(hash, BrowserPurpose);

    /// <summary>The same for browsers of mail users: it outlives a restart, as their counts of
    /// wrong passwords do, which qmail-lookup has.</summary>
    internal static byte[] OwnBrowserKey(string hash) => Derive(hash, OwnBrowserPurpose);

    /// <summary>What sessions remember of the password that they began with.</summary>
    internal static byte[] Fingerprint(string hash) => Derive(hash, SessionPurpose);

    /// <summary>The line of a file of ours; empty where there is none.</summary>
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
            return ""; // There is no such directory.
        }
    }

    private static byte[] Derive(string hash, byte[] purpose) => HKDF.DeriveKey(
        HashAlgorithmName.SHA256, Encoding.ASCII.GetBytes(hash), KeyBytes, info: purpose);
}
