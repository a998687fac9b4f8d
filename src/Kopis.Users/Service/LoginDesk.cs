using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Kopis.Users;

/// <summary>qmail-lookup's answers about logins.</summary>
internal sealed class LoginDesk(LoginGate gate)
{
    private readonly ScramSalts _salts = new(gate);

    /// <summary>Answers a <see cref="LookupKind.Password"/>.</summary>
    internal async Task<byte[]?> PasswordAsync(byte[][] fields, CancellationToken stop)
    {
        byte[] secret = fields[2];
        try
        {
            return Answer(await gate.TryAsync(PeerOf(fields[0]), fields[1], secret, stop), []);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>Answers a <see cref="LookupKind.Proof"/>.</summary>
    internal byte[]? Proof(byte[][] fields)
    {
        LoginVerdict verdict =
            gate.TryProof(PeerOf(fields[0]), fields[1], fields[2], fields[3]);
        return Answer(verdict, verdict.ServerSignature);
    }

    /// <summary>Answers a <see cref="LookupKind.Salt"/>: a name of nobody has one too.</summary>
    internal byte[]? Salt(byte[][] fields)
    {
        (byte[] salt, int iterations) = _salts.Of(fields[0]);
        return LookupFrame.Make(
            (byte)LookupVerdict.Yes, salt, LookupFrame.Number(iterations));
    }

    private static byte[]? Answer(LoginVerdict verdict, byte[] signature) => LookupFrame.Make(
        (byte)(verdict.Account is null ? LookupVerdict.No : LookupVerdict.Yes),
        LookupFrame.Number((int)verdict.Delay.TotalMilliseconds),
        Encoding.UTF8.GetBytes(verdict.Account?.Name ?? ""),
        signature);

    // A peer without an address is one peer like another.
    private static IPAddress PeerOf(byte[] field) =>
        field.Length is 4 or 16 ? new IPAddress(field) : IPAddress.None;
}
