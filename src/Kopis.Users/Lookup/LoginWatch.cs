using System.Diagnostics.CodeAnalysis;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Users.Lookup;

/// <summary>Ends the sessions of a listener whose login is no longer valid: the user was locked,
/// removed, or has another password. Once a second it checks whether a file of users has changed.
/// If so, and every few seconds in any case, it asks qmail-lookup about each account: users of a
/// name service have no file. If nobody answers, sessions go on. May be used from many threads.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as its process.")]
public sealed class LoginWatch
{
    private const int LooksPerQuestion = 5;
    private const int QuestionsAtOnce = 8;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Func<byte[], byte[], CancellationToken, Task<(LookupVerdict, byte[])>> _ask;
    private readonly WatchedFiles _files;
    private readonly TimeProvider _time;
    private readonly HashSet<Session> _sessions = []; // Guarded by a lock on itself.
    private bool _runs; // Guarded by the lock on the sessions.

    /// <summary>Makes the watch; no session is watched yet.</summary>
    /// <param name="home">The qmail home.</param>
    /// <param name="lookup">The client of qmail-lookup.</param>
    /// <param name="time">The clock.</param>
    public LoginWatch(string home, LookupClient lookup, TimeProvider time)
        : this(home, lookup.HoldsAsync, time)
    {
    }

    /// <summary>The same with a function in place of the client. It gets an account and its mark,
    /// and returns whether the login is valid and the account's current mark.</summary>
    internal LoginWatch(
        string home,
        Func<byte[], byte[], CancellationToken, Task<(LookupVerdict, byte[])>> ask,
        TimeProvider time)
    {
        (_ask, _time) = (ask, time);
        _files = new WatchedFiles(
        [
            Path.Combine(home, AccountFiles.Virtual.ToString()), "/etc/passwd", "/etc/shadow",
        ]);
    }

    /// <summary>Watches a session from now on.</summary>
    /// <param name="account">The account of the session's login.</param>
    /// <param name="end">Ends the session. Called once at most; must return soon, so it only
    /// signals.</param>
    /// <returns>Ends the watch.</returns>
    public IDisposable Enter(byte[] account, Action end)
    {
        Session session = new(this, account, end);
        lock (_sessions)
        {
            _sessions.Add(session);
            if (!_runs)
            {
                _runs = true;
                ErrorLog.Watch(RunAsync());
            }
        }

        ErrorLog.Watch(AskAsync([session]));
        return session;
    }

    // Ends when no session is left; the next session starts it again.
    private async Task RunAsync()
    {
        int looks = 0;
        while (true)
        {
            await Task.Delay(Pause, _time);
            Session[] sessions;
            lock (_sessions)
            {
                sessions = [.. _sessions];
                if (sessions.Length == 0)
                {
                    _runs = false;
                    return;
                }
            }

            bool isDue = _files.HaveChanged() || ++looks >= LooksPerQuestion;
            looks = isDue ? 0 : looks;
            await AskAllAsync(isDue ? sessions : sessions.Where(one => one.IsUnanswered));
        }
    }

    // An account without an answer does not hold up others. It alone is asked about again soon.
    private Task AskAllAsync(IEnumerable<Session> sessions) => Parallel.ForEachAsync(
        sessions.GroupBy(one => one.Key).ToArray(),
        new ParallelOptions { MaxDegreeOfParallelism = QuestionsAtOnce },
        async (same, _) => await AskAsync([.. same]));

    // Asks once for sessions of one account with the same mark. The first answer gives a session
    // its mark.
    private async Task AskAsync(IReadOnlyList<Session> sessions)
    {
        byte[] before = sessions[0].Mark;
        (LookupVerdict verdict, byte[] mark) =
            await _ask(sessions[0].Account, before, CancellationToken.None);
        foreach (Session session in sessions)
        {
            session.IsUnanswered = verdict is not (LookupVerdict.Yes or LookupVerdict.No);
            if (verdict == LookupVerdict.No)
            {
                session.End();
            }
            else if (verdict == LookupVerdict.Yes)
            {
                session.Learn(before, mark);
            }
        }
    }

    private void Leave(Session session)
    {
        lock (_sessions)
        {
            _sessions.Remove(session);
        }
    }

    private sealed class Session(LoginWatch watch, byte[] account, Action end) : IDisposable
    {
        private int _isOver;
        private byte[] _mark = [];

        internal byte[] Account { get; } = account;

        /// <summary>Whether the last question about it was not answered.</summary>
        internal bool IsUnanswered { get; set; }

        internal byte[] Mark => Volatile.Read(ref _mark);

        /// <summary>Sessions with the same key share one question.</summary>
        internal string Key => $"{Convert.ToHexString(Mark)} {Convert.ToHexString(Account)}";

        /// <summary>If two answers come at once, the first one counts.</summary>
        internal void Learn(byte[] before, byte[] mark) =>
            Interlocked.CompareExchange(ref _mark, mark, before);

        internal void End()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
            {
                watch.Leave(this);
                end();
            }
        }

        public void Dispose()
        {
            Interlocked.Exchange(ref _isOver, 1);
            watch.Leave(this);
        }
    }
}
