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

/// <summary>Signs mail users in by the password of their mail. qmail-lookup checks it, and counts
/// and slows down guesses as it does for POP3. For a login it gives the right to this user's
/// settings; the dashboard has no other rights to them.</summary>
/// <param name="home">The home.</param>
/// <param name="password">The administrator's password, from which a key is derived.</param>
/// <param name="clock">The clock.</param>
internal sealed class OwnLogin(string home, PasswordFile password, TimeProvider clock)
    : IDisposable
{
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(20);

    private readonly LoginClient _lookup = new(home, clock);
    private readonly TicketClient _post = new(home);
    private readonly byte[] _chance = RandomNumberGenerator.GetBytes(32);

    /// <summary>The sessions of users who have signed in.</summary>
    internal OwnSessions Sessions { get; } = new(clock);

    /// <summary>Whether all of Kopis runs as one user here, the dashboard's.</summary>
    internal bool IsOneUser => _lookup.IsOneUser;

    /// <summary>The key for cookies of browsers that have signed in under this name. Wrong
    /// passwords from such a browser are counted separately, for this name only. If the
    /// administrator has no password, the cookie is valid until the dashboard ends.</summary>
    internal byte[] BrowserKey(string name) => HMACSHA256.HashData(
        password.Read() is { } hash ? PasswordFile.OwnBrowserKey(hash) : _chance,
        Encoding.UTF8.GetBytes(name));

    /// <summary>Checks a login, and begins its session.</summary>
    /// <param name="uid">The uid of the client.</param>
    /// <param name="browser">The number of the browser, if it has signed in before.</param>
    /// <param name="name">The name that was typed.</param>
    /// <param name="password">The password that was typed; it is overwritten.</param>
    /// <param name="stop">The client is gone.</param>
    /// <returns>The verdict, and with Yes the cookie of the session.</returns>
    internal async Task<(LookupVerdict Verdict, string Secret)> JudgeAsync(
        uint uid, ulong? browser, string name, byte[] password, CancellationToken stop)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeMax);
        try
        {
            // qmail-lookup limits how many logins of each peer are checked at once; a client that
            // waits for a refusal takes nobody's slot.
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

    /// <summary>Finds the session of a cookie, if its login is still valid.</summary>
    /// <returns>Null if there is none. With No it has just ended. With Later it stays, but nothing
    /// may be shown or changed now.</returns>
    internal async Task<(OwnSession? Session, LookupVerdict Holds)> FindAsync(
        string secret, CancellationToken stop)
    {
        if (Sessions.Find(secret) is not { } session)
        {
            return (null, LookupVerdict.No);
        }

        (LookupVerdict verdict, byte[] mark) = await _lookup.HoldsAsync(
            Encoding.UTF8.GetBytes(session.Account), session.Mark, stop);

        // A restarted qmail-lookup makes different marks. Whether the password has changed is then
        // not known, and the user has to sign in again.
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

    /// <summary>Reads the settings of a session's user. Each call asks qmail-lookup whether the
    /// login is still valid: the user's own process accepts only qmail-lookup's word for that.
    /// </summary>
    /// <inheritdoc cref="SettingsClient.ReadAsync"/>
    internal async Task<UserSettings> ReadAsync(OwnSession session, CancellationToken stop) =>
        await session.Channel.ReadAsync(await RightAsync(session, stop), stop);

    /// <summary>Writes the settings of a session's user.</summary>
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

    /// <summary>The address under which qmail-lookup counts guesses: each user of this host, and
    /// each known browser, has a network of its own (RFC 4193: such addresses belong to nobody).
    /// </summary>
    private static IPAddress PeerOf(uint uid, ulong? browser)
    {
        byte[] address = new byte[16];
        address[0] = (byte)(browser is null ? 0xFD : 0xFC);
        BinaryPrimitives.WriteUInt32BigEndian(
            address.AsSpan(1), browser is { } number ? (uint)number : uid);
        return new IPAddress(address);
    }
}
