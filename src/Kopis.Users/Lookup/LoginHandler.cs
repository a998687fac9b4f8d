using System.Net;
using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Users.Logins;
using Kopis.Users.Settings;
using Kopis.Users.Tickets;
using Kopis.Users.Virtual;

namespace Kopis.Users.Lookup;

/// <summary>qmail-lookup's answers about logins.</summary>
/// <param name="gate">Checks logins, counts failures and delays replies.</param>
/// <param name="apop">Secrets for digests.</param>
/// <param name="tokens">Returns the check for tokens; null if there is no issuer.</param>
/// <param name="key">The key that signs tickets for readers; empty: there are no tickets.</param>
/// <param name="isLocked">Whether a name is that of a locked user; null: nobody is locked.</param>
internal sealed class LoginHandler(
    LoginChecker gate, ApopSecrets? apop = null, Func<BearerTokens?>? tokens = null,
    byte[]? key = null, Func<byte[], bool>? isLocked = null)
{
    private readonly ScramSalts _salts = new(gate);
    private readonly LoginMarks _marks =
        new(gate.Find, name => isLocked?.Invoke(name) == true);

    /// <summary>Answers a <see cref="LookupKind.Password"/>.</summary>
    internal async Task<byte[]?> PasswordAsync(
        byte[][] fields, bool forReader, CancellationToken stop) =>
        Answer(await JudgeAsync(fields, stop), forReader);

    /// <summary>Answers a <see cref="LookupKind.Enter"/>.</summary>
    internal async Task<byte[]?> EnterAsync(byte[][] fields, CancellationToken stop)
    {
        LoginVerdict verdict = await JudgeAsync(fields, stop);
        if (verdict.Account is not { } account)
        {
            return Answer(verdict, forReader: true);
        }

        // The account will be looked up by its name later, and must not be mistaken for a virtual
        // user of the same name.
        byte[] name = Encoding.UTF8.GetBytes(account.Name);
        return gate.Find(name).Account == account
            ? Answer(verdict, forReader: true, _marks.Make(name, verdict.Hash))
            : Answer(new LoginVerdict(null, TimeSpan.Zero), forReader: true);
    }

    /// <summary>Answers a <see cref="LookupKind.Proof"/>.</summary>
    internal async Task<byte[]?> ProofAsync(
        byte[][] fields, bool forReader, CancellationToken stop) => Answer(
        await gate.TryProofAsync(PeerOf(fields[0]), fields[1], fields[2], fields[3], stop),
        forReader);

    /// <summary>Answers a <see cref="LookupKind.Digest"/>.</summary>
    internal async Task<byte[]?> DigestAsync(
        byte[][] fields, bool forReader, CancellationToken stop) => Answer(
        await gate.TryCheapAsync(
            PeerOf(fields[0]), fields[1],
            candidate => apop is not null && apop.IsRight(candidate, fields[2], fields[3]), stop),
        forReader);

    /// <summary>Answers a <see cref="LookupKind.Token"/>.</summary>
    internal async Task<byte[]?> TokenAsync(
        byte[][] fields, bool forReader, CancellationToken stop) =>
        tokens?.Invoke() is not { } issuer
            ? LookupFrame.Make((byte)LookupVerdict.Later)
            : Answer(
                await gate.TryTokenAsync(
                    PeerOf(fields[0]), fields[1],
                    async () => await issuer.CheckAsync(fields[1], fields[2]) is
                    { Verdict: LookupVerdict.Yes, Account: var name } ? name : null,
                    stop),
                forReader);

    /// <summary>Answers a <see cref="LookupKind.Unlocked"/>.</summary>
    internal byte[]? Unlocked(byte[][] fields) => LookupFrame.Make(
        (byte)(isLocked?.Invoke(fields[0]) == true ? LookupVerdict.No : LookupVerdict.Yes));

    /// <summary>Answers a <see cref="LookupKind.Holds"/>.</summary>
    internal byte[]? Holds(byte[][] fields)
    {
        bool holds = _marks.Holds(fields[0], fields[1], out byte[] mark);
        return LookupFrame.Make((byte)(holds ? LookupVerdict.Yes : LookupVerdict.No), mark);
    }

    /// <summary>Answers a <see cref="LookupKind.Right"/>. A mark that another process made proves
    /// nothing, so the answer has no right.</summary>
    internal byte[]? Right(byte[][] fields) =>
        key is not { Length: > 0 } secret ? LookupFrame.Make((byte)LookupVerdict.Later)
        : _marks.Holds(fields[0], fields[1], out byte[] mark)
            && CryptographicOperations.FixedTimeEquals(fields[1], mark)
            ? LookupFrame.Make(
                (byte)LookupVerdict.Yes,
                SettingsRight.Make(
                    SettingsRight.KeyOf(secret, fields[0], mark), ReaderTicket.Now))
        : LookupFrame.Make((byte)LookupVerdict.No, [[]]);

    /// <summary>Answers a <see cref="LookupKind.Salt"/>. An unknown name has a salt, too.</summary>
    internal byte[]? Salt(byte[][] fields)
    {
        (byte[] salt, int iterations) = _salts.Of(fields[0]);
        return LookupFrame.Make(
            (byte)LookupVerdict.Yes, salt, LookupFrame.Number(iterations));
    }

    private async Task<LoginVerdict> JudgeAsync(byte[][] fields, CancellationToken stop)
    {
        byte[] secret = fields[2];
        try
        {
            return await gate.TryAsync(PeerOf(fields[0]), fields[1], secret, stop);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private byte[]? Answer(LoginVerdict verdict, bool forReader, byte[]? mark = null)
    {
        byte[][] fields =
        [
            LookupFrame.Number((int)verdict.Delay.TotalMilliseconds),
            Encoding.UTF8.GetBytes(verdict.Account?.Name ?? ""),
            mark ?? verdict.ServerSignature,
        ];
        return verdict.IsPostponed
                ? LookupFrame.Make((byte)LookupVerdict.Later, PauseNumber, [], [])
            : verdict.Account is not { } account
                ? LookupFrame.Make((byte)LookupVerdict.No, fields)
            : forReader && key is { Length: > 0 }
                ? LookupFrame.Make(
                    (byte)LookupVerdict.Yes, [.. fields, ReaderTicket.Make(account, key, mark)])
            : LookupFrame.Make((byte)LookupVerdict.Yes, fields);
    }

    /// <summary>Answers a <see cref="LookupKind.Leave"/>.</summary>
    internal byte[]? Leave(byte[][] fields)
    {
        PeerNetwork peer = PeerNetwork.Of(PeerOf(fields[0]));
        return gate.Limiter.Reserve(peer, fields[1]) switch
        {
            LoginLeave.Given => LookupFrame.Make((byte)LookupVerdict.Yes, LookupFrame.Number(0)),
            LoginLeave.Wait => LookupFrame.Make((byte)LookupVerdict.Later, PauseNumber),
            _ => LookupFrame.Make((byte)LookupVerdict.No, DelayNumber(peer)),
        };
    }

    /// <summary>Answers a <see cref="LookupKind.Outcome"/>; null if the verdict is invalid.
    /// </summary>
    internal byte[]? Outcome(byte[][] fields)
    {
        if (fields[2] is not [<= (byte)LookupVerdict.No])
        {
            return null;
        }

        PeerNetwork peer = PeerNetwork.Of(PeerOf(fields[0]));
        gate.Limiter.Settle(peer, fields[1], (LookupVerdict)fields[2][0]);
        return LookupFrame.Make((byte)LookupVerdict.Yes, DelayNumber(peer));
    }

    private static byte[] PauseNumber { get; } =
        LookupFrame.Number((int)LoginLimiter.Pause.TotalMilliseconds);

    private byte[] DelayNumber(PeerNetwork peer) =>
        LookupFrame.Number((int)gate.Limiter.DelayOf(peer).TotalMilliseconds);

    // All peers without an address count as one peer.
    private static IPAddress PeerOf(byte[] field) =>
        field.Length is 4 or 16 ? new IPAddress(field) : IPAddress.None;
}
