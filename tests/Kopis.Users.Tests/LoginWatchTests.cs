using System.Collections.Concurrent;
using System.Text;
using Kopis.Base;
using Kopis.Testing;
using Kopis.Users.Lookup;

namespace Kopis.Users.Tests;

/// <summary>Which sessions end when, whoever is asked.</summary>
public sealed class LoginWatchTests : IDisposable
{
    private static readonly byte[] Joe = "joe@mx.example"u8.ToArray();
    private static readonly byte[] Ann = "ann@mx.example"u8.ToArray();

    private readonly TestHome _home = new();
    private readonly ManualTime _time = new();
    private readonly ConcurrentQueue<(string Account, string Mark)> _asked = [];
    private readonly ConcurrentDictionary<string, LookupVerdict> _verdicts = new();
    private readonly LoginWatch _watch;

    public LoginWatchTests() => _watch = new LoginWatch(_home.Path, AskAsync, _time);

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Sessions_of_an_account_end_once_and_others_go_on()
    {
        int joe = 0;
        int ann = 0;
        using IDisposable first = _watch.Enter(Joe, () => joe++);
        using IDisposable second = _watch.Enter(Joe, () => joe++);
        using IDisposable other = _watch.Enter(Ann, () => ann++);
        await PassAsync(seconds: 6);
        Assert.Equal((0, 0), (joe, ann));
        _verdicts["joe@mx.example"] = LookupVerdict.No;
        await PassAsync(seconds: 6);
        Assert.Equal((2, 0), (joe, ann));
        await PassAsync(seconds: 6);
        Assert.Equal((2, 0), (joe, ann));
    }

    [Fact]
    public async Task A_question_serves_all_sessions_of_an_account_and_has_the_last_mark()
    {
        using IDisposable first = _watch.Enter(Joe, Fail);
        using IDisposable second = _watch.Enter(Joe, Fail);
        Assert.Equal(2, _asked.Count(one => one.Mark.Length == 0));
        _asked.Clear();
        await PassAsync(seconds: 1); // The first look finds the files as changed.
        Assert.Equal([("joe@mx.example", "mark of joe@mx.example")], _asked);
    }

    [Fact]
    public async Task A_change_of_users_is_seen_at_once_and_without_one_it_is_asked_now_and_then()
    {
        using IDisposable one = _watch.Enter(Joe, Fail);
        await PassAsync(seconds: 1);
        _asked.Clear();
        await PassAsync(seconds: 4);
        Assert.Empty(_asked);
        await PassAsync(seconds: 1);
        Assert.Single(_asked);
        _home.AddUser("new@mx.example", "x");
        await PassAsync(seconds: 1);
        Assert.Equal(2, _asked.Count);
    }

    [Fact]
    public async Task Where_nobody_answers_sessions_go_on_and_it_is_asked_again_soon()
    {
        bool isOver = false;
        using IDisposable one = _watch.Enter(Joe, () => isOver = true);
        _verdicts["joe@mx.example"] = LookupVerdict.Later;
        await PassAsync(seconds: 3);
        Assert.False(isOver);
        _verdicts["joe@mx.example"] = LookupVerdict.No;
        await PassAsync(seconds: 1);
        Assert.True(isOver);
    }

    [Fact]
    public async Task An_account_without_an_answer_holds_up_no_other_and_is_alone_asked_again_soon()
    {
        bool isOver = false;
        _verdicts["joe@mx.example"] = LookupVerdict.Later;
        using IDisposable first = _watch.Enter(Joe, Fail);
        using IDisposable second = _watch.Enter(Ann, () => isOver = true);
        await PassAsync(seconds: 1);
        _asked.Clear();
        await PassAsync(seconds: 3);
        Assert.Equal(3, _asked.Count(one => one.Account == "joe@mx.example"));
        Assert.DoesNotContain(_asked, one => one.Account == "ann@mx.example");
        _verdicts["ann@mx.example"] = LookupVerdict.No;
        await PassAsync(seconds: 2);
        Assert.True(isOver);
    }

    [Fact]
    public async Task A_session_that_has_ended_is_not_asked_about()
    {
        IDisposable one = _watch.Enter(Joe, Fail);
        await PassAsync(seconds: 1);
        one.Dispose();
        _asked.Clear();
        _verdicts["joe@mx.example"] = LookupVerdict.No;
        await PassAsync(seconds: 12);
        Assert.Empty(_asked);
        bool isOver = false;
        using IDisposable next = _watch.Enter(Joe, () => isOver = true); // It begins again.
        await PassAsync(seconds: 1);
        Assert.True(isOver);
    }

    private static void Fail() => Assert.Fail("A login holds, and its session has ended.");

    private Task<(LookupVerdict, byte[])> AskAsync(
        byte[] account, byte[] mark, CancellationToken stop)
    {
        string name = Encoding.UTF8.GetString(account);
        _asked.Enqueue((name, Encoding.UTF8.GetString(mark)));
        return Task.FromResult((
            _verdicts.GetValueOrDefault(name, LookupVerdict.Yes),
            Encoding.UTF8.GetBytes($"mark of {name}")));
    }

    // The watch looks once a second while it has sessions; it sets its timer again when it has.
    private async Task PassAsync(int seconds)
    {
        int looksMost = 100;
        for (int i = 0; i < seconds; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            for (int looks = 0; _time.NextDue is null && looks < looksMost; looks++)
            {
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }

            looksMost = _time.NextDue is null ? 1 : 100; // It does not look any more.
        }
    }
}
