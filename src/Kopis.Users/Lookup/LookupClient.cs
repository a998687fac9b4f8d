using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Mail.Smtp;
using Kopis.Posix;
using Kopis.Users.Logins;

namespace Kopis.Users.Lookup;

/// <summary>
/// A listener's client of qmail-lookup. It asks only about local recipients, and remembers the
/// answers for a short while. If there is no answer, the verdict is
/// <see cref="LookupVerdict.Later"/>. May be used from many threads.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as its process.")]
public sealed class LookupClient : ILoginService, IRecipientCheck, ISenderCheck
{
    private const int RecipientConnectionsMax = 32;
    private const int QuestionsOfClientMax = 8; // How many of them one client may have at once.
    private const int LoginConnectionsMax = 64;
    private const int AddressesMax = 20_000; // Remembered; some 150 bytes each.
    private static readonly TimeSpan RecipientTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LoginTimeout = TimeSpan.FromSeconds(30); // Hashes queue.
    private static readonly TimeSpan LimitTimeout = TimeSpan.FromSeconds(5); // No hashing.

    private readonly string _path;
    private readonly byte _forReaders;
    private bool _wasThere;
    private readonly LookupPool _recipients;
    private readonly LookupPool _logins;
    private readonly LookupPool _limits;
    private readonly PeerShares _shares;
    private readonly VerdictCache _cache;
    private readonly Reloading<ConstMap> _unasked; // Domains without questions.
    private readonly TimeProvider _time;

    /// <summary>Makes the client; nothing is connected yet.</summary>
    /// <param name="home">The qmail home.</param>
    /// <param name="time">The clock.</param>
    /// <param name="forReaders">Whether a login also gets a ticket for reading mail.</param>
    public LookupClient(string home, TimeProvider time, bool forReaders = false)
    {
        _forReaders = forReaders ? (byte)LookupKind.ForReader : (byte)0;
        ControlDirectory control = new(Path.Combine(home, "control"));
        _time = time;
        _path = LookupFrame.SocketPath(home);
        _recipients = new LookupPool(home, RecipientConnectionsMax, RecipientTimeout);
        _logins = new LookupPool(home, LoginConnectionsMax, LoginTimeout);
        _limits = new LookupPool(home, LoginConnectionsMax, LimitTimeout);
        _shares = new PeerShares(QuestionsOfClientMax, time);
        _cache = new VerdictCache(time, AddressesMax);
        _unasked = new Reloading<ConstMap>(
            control.Watched([SmtpFiles.NoRcptCheck]),
            () => ConstMap.Set(control.ReadList(SmtpFiles.NoRcptCheck) ?? []), time);
    }

    /// <summary>Whether a qmail-lookup serves a home.</summary>
    public static bool IsServed(string home)
    {
        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(UnixListener.EndPoint(LookupFrame.SocketPath(home)));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public bool HasScram => true;

    /// <inheritdoc/>
    // If qmail-lookup runs as another user, it knows users of the host besides the virtual ones.
    public bool HasScramForAll =>
        Fd.TryStatus(Fd.PathBytes(_path), out _) is not { } status
        || status.Uid == Processes.EffectiveUid;

    /// <summary>Answers from memory, or if no question is needed; Later if a control file cannot be
    /// read.</summary>
    public LookupVerdict? Known(RoutedRecipient recipient) =>
        _cache.TryGet(recipient.Address, out LookupVerdict verdict) ? verdict
        : !recipient.IsClear ? LookupVerdict.Later
        : Judge(recipient);

    /// <summary>Asks qmail-lookup. A client that has asked for many unknown names is delayed,
    /// without holding up others.</summary>
    public async ValueTask<LookupVerdict> AskAsync(
        RoutedRecipient recipient, IPAddress? client, CancellationToken stop)
    {
        bool isThere = IsThere;
        PeerNetwork network = PeerNetwork.Of(client ?? IPAddress.None);
        try
        {
            if (!await _shares.EnterAsync(network, RecipientTimeout, stop))
            {
                return LookupVerdict.Later;
            }

            (LookupVerdict Verdict, byte[][] Fields)? answer;
            try
            {
                Address asked = new(recipient.Local ?? recipient.Srs ?? recipient.Address);
                answer = await _recipients.AskAsync(
                    LookupFrame.Make(
                        (byte)LookupKind.Recipient, asked.Local.ToArray(), asked.Domain.ToArray(),
                        client?.GetAddressBytes() ?? []),
                    stop);
            }
            finally
            {
                _shares.Leave(network);
            }

            LookupVerdict verdict =
                answer?.Verdict ?? (isThere ? LookupVerdict.Later : LookupVerdict.Yes);
            _cache.Add(recipient.Address, verdict);
            if (answer is { Fields: [{ } wait] }
                && LookupFrame.ReadNumber(wait) is { } ms and > 0)
            {
                await Task.Delay(
                    TimeSpan.FromMilliseconds(
                        Math.Min(ms, UnknownNames.DelayMax.TotalMilliseconds)),
                    _time, stop);
            }

            return verdict;
        }
        catch (OperationCanceledException)
        {
            return LookupVerdict.Later;
        }
    }

    /// <summary>Whether there is or was a qmail-lookup, so that senders can be checked.</summary>
    public bool KnowsSenders => IsThere;

    /// <inheritdoc/>
    public async ValueTask<LookupVerdict> MaySendAsAsync(
        byte[] user, byte[] sender, CancellationToken stop)
    {
        try
        {
            return await _recipients.AskAsync(
                LookupFrame.Make((byte)LookupKind.Sender, user, sender), stop)
                is { } answer ? answer.Verdict : LookupVerdict.Later;
        }
        catch (OperationCanceledException)
        {
            return LookupVerdict.Later;
        }
    }

    /// <inheritdoc/>
    public Task<LoginAnswer> CheckPasswordAsync(
        IPAddress peer, byte[] name, byte[] secret, CancellationToken stop) =>
        LoginAsync(
            Question(LookupKind.Password, peer, name, secret), stop);

    /// <summary>As <see cref="CheckPasswordAsync"/>, for the dashboard: the answer also has the
    /// mark of the account at the check, and a ticket if there are tickets.</summary>
    internal async Task<LoginAnswer> EnterAsync(
        IPAddress peer, byte[] name, byte[] secret, CancellationToken stop)
    {
        LoginAnswer answer = await LoginAsync(
            LookupFrame.Make(
                (byte)LookupKind.Enter, peer.GetAddressBytes(), name, secret), stop);
        return answer with { ServerSignature = [], Mark = answer.ServerSignature };
    }

    /// <inheritdoc/>
    public Task<LoginAnswer> CheckProofAsync(
        IPAddress peer, byte[] name, byte[] authMessage, byte[] proof, CancellationToken stop) =>
        LoginAsync(Question(LookupKind.Proof, peer, name, authMessage, proof), stop);

    /// <inheritdoc/>
    public Task<LoginAnswer> CheckDigestAsync(
        IPAddress peer, byte[] name, byte[] stamp, byte[] digest, CancellationToken stop) =>
        LoginAsync(Question(LookupKind.Digest, peer, name, stamp, digest), stop);

    /// <inheritdoc/>
    public bool HasTokens => _forReaders != 0;

    /// <inheritdoc/>
    public Task<LoginAnswer> CheckTokenAsync(
        IPAddress peer, byte[] name, byte[] token, CancellationToken stop) =>
        LoginAsync(Question(LookupKind.Token, peer, name, token), stop);

    /// <summary>Whether an account that an issuer named may log in: No if it is that of a locked
    /// user. If the home has no qmail-lookup, every account may.</summary>
    public async Task<LookupVerdict> IsUnlockedAsync(byte[] account, CancellationToken stop) =>
        !IsThere ? LookupVerdict.Yes
        : await _logins.AskAsync(LookupFrame.Make((byte)LookupKind.Unlocked, account), stop)
            is { } answer ? answer.Verdict : LookupVerdict.Later;

    /// <summary>Whether the login of a session is still valid; No if its user is locked, was
    /// removed, or has another password.</summary>
    /// <param name="account">The account of the login.</param>
    /// <param name="mark">The account's last mark; empty at first.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>With Yes and No, the account's current mark.</returns>
    internal Task<(LookupVerdict Verdict, byte[] Mark)> HoldsAsync(
        byte[] account, byte[] mark, CancellationToken stop) =>
        AskOfLoginAsync(LookupKind.Holds, account, mark, stop);

    /// <summary>Asks for the proof, for the user's own process, that a login is still valid.
    /// </summary>
    /// <param name="account">The account of the login.</param>
    /// <param name="mark">The account's mark at the check.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>The proof, with Yes.</returns>
    internal Task<(LookupVerdict Verdict, byte[] Right)> RightAsync(
        byte[] account, byte[] mark, CancellationToken stop) =>
        AskOfLoginAsync(LookupKind.Right, account, mark, stop);

    /// <inheritdoc/>
    public async Task<(byte[] Salt, int Iterations)?> SaltOfAsync(
        byte[] name, CancellationToken stop) =>
        await _logins.AskAsync(LookupFrame.Make((byte)LookupKind.Salt, name), stop)
            is { Verdict: LookupVerdict.Yes, Fields: [{ } salt, { } number] }
            && LookupFrame.ReadNumber(number) is { } iterations
                ? (salt, iterations)
                : null;

    // A question about an earlier login. Its answer has one field.
    private async Task<(LookupVerdict Verdict, byte[] Field)> AskOfLoginAsync(
        LookupKind kind, byte[] account, byte[] mark, CancellationToken stop) =>
        IsThere
        && await _limits.AskAsync(LookupFrame.Make((byte)kind, account, mark), stop)
            is { Fields: [{ } field] } answer
            ? (answer.Verdict, field) : (LookupVerdict.Later, []);

    // In a home that never had the socket there is no qmail-lookup, and all recipients are
    // accepted, as in qmail.
    private bool IsThere => _wasThere |= File.Exists(_path);

    /// <summary>Asks for permission to check the login elsewhere; null if there is no answer.
    /// </summary>
    internal async Task<(LoginLeave Leave, TimeSpan Delay)?> ReserveAsync(
        IPAddress peer, byte[] name, CancellationToken stop) =>
        IsThere
        && await _limits.AskAsync(
            LookupFrame.Make((byte)LookupKind.Leave, peer.GetAddressBytes(), name), stop)
            is { Fields: [{ } wait] } answer
        && LookupFrame.ReadNumber(wait) is { } milliseconds and >= 0
            ? (answer.Verdict switch
            {
                LookupVerdict.Yes => LoginLeave.Given,
                LookupVerdict.No => LoginLeave.Refused,
                _ => LoginLeave.Wait,
            },
                TimeSpan.FromMilliseconds(Math.Max(1, milliseconds)))
            : null;

    /// <summary>Reports the result of that check. Returns how long to delay a refusal; null if
    /// there is no answer.</summary>
    internal async Task<TimeSpan?> SettleAsync(
        IPAddress peer, byte[] name, LookupVerdict verdict) =>
        IsThere
        && await _limits.AskAsync(
            LookupFrame.Make(
                (byte)LookupKind.Outcome, peer.GetAddressBytes(), name, [(byte)verdict]),
            CancellationToken.None) is { Verdict: LookupVerdict.Yes, Fields: [{ } wait] }
        && LookupFrame.ReadNumber(wait) is { } milliseconds and > 0
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;

    private async Task<LoginAnswer> LoginAsync(byte[]? question, CancellationToken stop)
    {
        long began = _time.GetTimestamp();
        while (true)
        {
            (LoginAnswer answer, bool again) = await LoginOnceAsync(question, stop);
            if (!again || _time.GetElapsedTime(began) > LoginTimeout)
            {
                return answer;
            }
        }
    }

    // Returns whether to ask again, since the login was not checked yet.
    private async Task<(LoginAnswer Answer, bool Again)> LoginOnceAsync(
        byte[]? question, CancellationToken stop)
    {
        if (await _logins.AskAsync(question, stop)
            is not { Fields: [{ } wait, { } account, { } signature, .. var more] } answer)
        {
            return (LoginAnswer.Later, false);
        }

        if (answer.Verdict == LookupVerdict.Yes && account.Length > 0)
        {
            return (new LoginAnswer(LookupVerdict.Yes, Encoding.UTF8.GetString(account))
            {
                ServerSignature = signature,
                Ticket = more is [{ } ticket] ? ticket : [],
            }, false);
        }

        // The listener does the waiting, so that clients that guess passwords hold no connection to
        // qmail-lookup.
        TimeSpan pause = TimeSpan.FromMilliseconds(
            Math.Clamp(LookupFrame.ReadNumber(wait) ?? 0, 0, (int)LoginTimeout.TotalMilliseconds));
        if (pause > TimeSpan.Zero)
        {
            await Task.Delay(pause, _time, stop);
        }

        return answer.Verdict == LookupVerdict.No
            ? (LoginAnswer.No, false) : (LoginAnswer.Later, pause == LoginLimiter.Pause);
    }

    private byte[]? Question(
        LookupKind kind, IPAddress peer, params ReadOnlySpan<byte[]> fields) =>
        LookupFrame.Make(
            (byte)((byte)kind | _forReaders), [peer.GetAddressBytes(), .. fields]);

    // Yes if no question is needed; null if one is.
    private LookupVerdict? Judge(RoutedRecipient recipient)
    {
        if (recipient.IsSrs)
        {
            return null;
        }

        try
        {
            ConstMap unasked = _unasked.Current();
            return recipient.Local is not { } local || unasked.Contains(new Address(local).Domain)
                ? LookupVerdict.Yes : null;
        }
        catch (ConfigurationException)
        {
            return LookupVerdict.Later;
        }
    }
}
