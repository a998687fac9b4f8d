using System.Security.Cryptography;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Logins;

/// <summary>Salt and iterations for SCRAM for every name, even an unknown one, so that a client
/// cannot tell which names exist.</summary>
public sealed class ScramSalts(LoginChecker gate)
{
    private const int SaltBytes = 16;

    // Salts for names without one. They must not change, or a client could ask twice and see the
    // difference. They depend on the machine's number, which strangers do not know; on a machine
    // without one they change at each start.
    private readonly byte[] _fakeSalts = HMACSHA256.HashData(MachineNumber(), "kopis salt"u8);

    /// <summary>Salt and iterations for a name.</summary>
    /// <exception cref="ConfigurationException">The name cannot be looked up at present.
    /// </exception>
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
