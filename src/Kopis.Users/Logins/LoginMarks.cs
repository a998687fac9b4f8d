using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;

namespace Kopis.Users.Logins;

/// <summary>Decides whether the login of a session is still valid: the user is not locked, was not
/// removed, and still has the same password. The session's listener keeps a mark of the account as
/// it was at the login. The mark says nothing to the listener: it is made with a key that only this
/// process has, and that ends with the process.</summary>
/// <param name="find">Looks a name up; may throw
/// <see cref="Base.ConfigurationException"/>.</param>
/// <param name="isLocked">Whether a name is that of a locked user.</param>
internal sealed class LoginMarks(Func<byte[], Candidate> find, Func<byte[], bool> isLocked)
{
    /// <summary>The parts of a mark: which process made it, whether the user existed, and a MAC of
    /// the name and the password's hash.</summary>
    internal const int Bytes = EpochBytes + 1 + MacBytes;

    private const int EpochBytes = 8;
    private const int MacBytes = 16; // Half of SHA-256: a second preimage takes 2^128.

    private readonly byte[] _epoch = RandomNumberGenerator.GetBytes(EpochBytes);
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(MacBytes * 2);

    /// <summary>Decides about one login.</summary>
    /// <param name="account">The account as the login's answer named it.</param>
    /// <param name="mark">The mark of the last answer; any other bytes if there is none.</param>
    /// <param name="now">The account's current mark.</param>
    /// <returns>False if the login is no longer valid. If another process made the mark, for
    /// example before a restart, it says only whether the user existed.</returns>
    /// <exception cref="Base.ConfigurationException">The account cannot be looked up at present.
    /// </exception>
    internal bool Holds(byte[] account, ReadOnlySpan<byte> mark, out byte[] now)
    {
        Candidate found = find(account);
        now = Make(account, found.Account is null ? null : found.Hash);
        bool isMark = mark.Length == Bytes;
        bool isOurs = isMark && mark[..EpochBytes].SequenceEqual(_epoch);
        bool hadUser = isMark && mark[EpochBytes] != 0;
        return !isLocked(account)
            && (isOurs ? CryptographicOperations.FixedTimeEquals(mark, now)
                : !hadUser || now[EpochBytes] != 0);
    }

    /// <summary>Makes the mark of an account.</summary>
    /// <param name="account">The account as the login's answer names it.</param>
    /// <param name="hash">The hash of its password; null: there is no such user.</param>
    internal byte[] Make(byte[] account, byte[]? hash)
    {
        byte[] length = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, account.Length);
        byte[] content = [.. length, .. account, .. hash ?? []];
        byte[] mac = HMACSHA256.HashData(_key, content);
        byte[] mark =
            [.. _epoch, (byte)(hash is null ? 0 : 1), .. mac.AsSpan(0, MacBytes)];
        Debug.Assert(mark.Length == Bytes, "The parts make a mark.");
        return mark;
    }
}
