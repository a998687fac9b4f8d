using System.Security.Cryptography;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Logins;

/// <summary>Salt and iterations for SCRAM, for every name: also for unknown ones, so that a client
/// cannot distinguish them.</summary>
public sealed class ScramSalts(LoginChecker gate)
{
    private const int SaltBytes = 16;

    // Salts of names that have none: always the same, for nobody can ask twice and see a change.
    // The machine's number is not known to strangers; without one they change at each start.
    private readonly byte[] _fakeSalts = HMACSHA256.HashData(MachineNumber(), "kopis salt"u8);

    /// <summary>Those of a name.</summary>
    /// <exception cref="ConfigurationException">It is not known at present.</exception>
    public (byte[] Salt, int Iterations) Of(byte[] name) => gate.KeysOf(name) is { } keys
        ? (keys.Salt, keys.Iterations)
        : (HMACSHA256.HashData(_fakeSalts, Ascii8.ToLower(name))[..SaltBytes],
            PasswordHash.Iterations);

    private static byte[] MachineNumber()
    {
        const int FileBytesMax = 4096;
        return BoundedFile.TryRead("/etc/machine-id", FileBytesMax, out _)
            is { Length: > SaltBytes } number
                ? number
                : RandomNumberGenerator.GetBytes(SaltBytes);
    }
}
