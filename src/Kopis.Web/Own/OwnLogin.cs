using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Users.Lookup;
using Kopis.Users.Settings;
using Kopis.Users.Tickets;
using Kopis.Web.Login;

namespace Kopis.Web.Own;

/// <summary>Lets mail users in by the password of their mail: qmail-lookup judges it, and counts
/// and slows down guesses as it does for POP3. What it gives for a login is the right to this
/// user's settings, and the dashboard has no other.</summary>
/// <param name="home">The home.</param>
/// <param name="password">The administrator's: a key is made of it.</param>
/// <param name="clock">The clock.</param>
internal sealed class OwnLogin(string home, PasswordFile password, TimeProvider clock)
    : IDisposable
{
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(20);

    private readonly LoginClient _lookup = new(home, clock);
    private readonly TicketClient _post = new(home);
    private readonly byte[] _chance = RandomNumberGenerator.GetBytes(32);

    /// <summary>Who has signed in.</summary>
    internal OwnSessions Sessions { get; } = new(clock);

    /// <summary>Whether all of Kopis is one user here, the dashboard's.</summary>
    internal bool IsOneUser => _lookup.IsOneUser;

    /// <summary>The key of cookies of browsers that have signed in as this name: such a cookie has
    /// a count of wrong passwords of its own, for this name alone. Where the administrator has no
    /// password it is good until the dashboard ends.</summary>
    internal byte[] BrowserKey(string name) => HMACSHA256.HashData(
        password.Read() is { } hash ? PasswordFile.OwnBrowserKey(hash) : _chance,
        Encoding.UTF8.GetBytes(name));

    /// <summary>Judges a login, and begins its session.</summary>
    /// <param name="uid">Of the client.</param>
    /// <param name="browser">Its number, if it has signed in before.</param>
    /// <param name="name">Who he says he is.</param>
    /// <param name="password">What he says; it is overwritten.</param>
    /// <param name="stop">He is gone.</param>
    /// <returns>The verdict, and with Yes the cookie of the session.</returns>
    internal async Task<(LookupVerdict Verdict, string Secret)> JudgeAsync(
        uint uid, ulong? browser, string name, byte[] password, CancellationToken stop)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeMax);
        try
        {
            // How many are judged at once is bounded there, for each peer; who waits for a refusal
            // takes nobody's place.
            LoginAnswer answer = await _lookup.EnterAsync(
                PeerOf(uid, browser), Encoding.UTF8.GetBytes(name), password, limit.Token);
            return answer.Verdict == LookupVerdict.Yes
                ? await BeginAsync(answer, limit.Token) : (answer.Verdict, "");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return (LookupVerdict.Later, "");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(password);
        }
    }

    /// <summary>The session of a cookie, if its login still holds.</summary>
    /// <returns>Null: there is none. With No it has just ended. With Later nothing is shown or
    /// changed, and it stays.</returns>
    internal async Task<(OwnSession? Session, LookupVerdict Holds)> FindAsync(
        string secret, CancellationToken stop)
    {
        if (Sessions.Find(secret) is not { } session)
        {
            return (null, LookupVerdict.No);
        }

        (LookupVerdict verdict, byte[] mark) = await _lookup.HoldsAsync(
            Encoding.UTF8.GetBytes(session.Account), session.Mark, stop);

        // The mark of a qmail-lookup that was started anew is another one. Whether the password
        // is still that of then is not known, and the user signs in again.
        if (verdict == LookupVerdict.Yes && !mark.AsSpan().SequenceEqual(session.Mark))
        {
            verdict = LookupVerdict.No;
        }

        if (verdict == LookupVerdict.No)
        {
            Sessions.End(secret);
        }

        return (session, verdict);
    }

    /// <summary>The settings of a session's user. That its login holds is asked for each of these:
    /// the user's own process takes nobody's word for it but qmail-lookup's.</summary>
    /// <inheritdoc cref="SettingsClient.ReadAsync"/>
    internal async Task<UserSettings> ReadAsync(OwnSession session, CancellationToken stop) =>
        await session.Channel.ReadAsync(await RightAsync(session, stop), stop);

    /// <summary>Writes them.</summary>
    /// <inheritdoc cref="SettingsClient.WriteAsync"/>
    internal async Task<UserSettings> WriteAsync(
        OwnSession session, UserSettings settings, CancellationToken stop) =>
        await session.Channel.WriteAsync(settings, await RightAsync(session, stop), stop);

    /// <inheritdoc/>
    public void Dispose() => Sessions.Dispose();

    private async Task<byte[]> RightAsync(OwnSession session, CancellationToken stop)
    {
        if (!session.Channel.NeedsRight)
        {
            return [];
        }

        (LookupVerdict verdict, byte[] right) = await _lookup.RightAsync(
            Encoding.UTF8.GetBytes(session.Account), session.Mark, stop);
        return verdict switch
        {
            LookupVerdict.Yes => right,
            LookupVerdict.No => throw new ConfigurationException(OwnPage.Over),
            _ => throw new ConfigurationException(OwnPage.Unknown),
        };
    }

    private async Task<(LookupVerdict, string)> BeginAsync(
        LoginAnswer answer, CancellationToken stop)
    {
        SettingsClient? channel = IsOneUser ? SettingsClient.OfOneUser(home, answer.Account)
            : await SettingsClient.ConnectAsync(_post, answer.Ticket, stop);
        if (channel is null
            || Sessions.Begin(answer.Account, channel, answer.Mark) is not { } secret)
        {
            channel?.Dispose();
            return (LookupVerdict.Later, "");
        }

        return (LookupVerdict.Yes, secret);
    }

    /// <summary>Whom qmail-lookup counts guesses of: each user of this host, and each known
    /// browser, as a network of its own (RFC 4193: such addresses are nobody's).</summary>
    private static IPAddress PeerOf(uint uid, ulong? browser)
    {
        byte[] address = new byte[16];
        address[0] = (byte)(browser is null ? 0xFD : 0xFC);
        BinaryPrimitives.WriteUInt32BigEndian(
            address.AsSpan(1), browser is { } number ? (uint)number : uid);
        return new IPAddress(address);
    }
}
