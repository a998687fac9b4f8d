using Kopis.Mail.Pop3;

namespace Kopis.Server.Tests.Pop3;

public class TimeoutTests
{
    private const string Greeting = "S: +OK <0.946177353@toyokawa.gcd.org>";
    private const string LoggedIn = Greeting + "\nC: AUTH PLAIN AHNlbmdva3UAa29hbGE=\nS: +OK\\s";

    [Theory, InlineData(Greeting), InlineData(LoggedIn)]
    public async Task A_line_that_does_not_end_ends_the_session(string before)
    {
        using Pop3Talk talk = new(int.MaxValue);
        await talk.Play(before);
        await talk.Send("NOO"); // Byte for byte would be no better: a whole line must come.
        for (int bytes = 0; !talk.IsOver; bytes++)
        {
            // Each in time. When the session begins to wait after a login is its own affair, so
            // this goes on until it has ended.
            Assert.True(bytes < 200, "a byte is enough");
            talk.Time.Advance(TimeSpan.FromSeconds(1199));
            await talk.Send("P");
            await Task.Delay(1);
        }

        Assert.Equal(1, await talk.End());
    }

    [Fact]
    public async Task A_login_cannot_be_put_off_for_ever()
    {
        using Pop3Talk talk = new(int.MaxValue);
        await talk.Play(Greeting);
        for (int i = 0; i < 2; i++)
        {
            talk.Time.Advance(TimeSpan.FromSeconds(600));
            await talk.Play("C: NOOP\nS: +OK\\s");
        }

        talk.Time.Advance(TimeSpan.FromSeconds(600));
        await talk.Play("C: NOOP\nS: +OK\\s");
        Assert.Equal(1, await talk.End());
    }

    [Theory, InlineData(Greeting), InlineData(LoggedIn)]
    public async Task The_listeners_end_ends_an_idle_session(string before)
    {
        using Pop3Talk talk = new(int.MaxValue);
        await talk.Play(before);
        await talk.Stop.CancelAsync();
        Assert.Equal(1, await talk.End());
    }

    [Theory, InlineData(1), InlineData(4096)]
    public async Task A_long_line_is_no_command_and_costs_no_memory(int cut)
    {
        using Pop3Talk talk = new(cut);
        await talk.Play(Greeting);
        await talk.Send("USER " + new string('x', 50_000) + "\r\n");
        await talk.Play("S: -ERR syntax error");
        await talk.Send("USER " + new string('x', Pop3Limits.LineBytesMax - 5) + "\r\n");
        await talk.Play("S: +OK\\s\nC: AUTH PLAIN AHNlbmdva3UAa29hbGE=\nS: +OK\\s");
        await talk.Send(new string('y', 50_000) + "\r\n");
        await talk.Play("S: -ERR syntax error\nC: QUIT\nS: +OK\\s");
        Assert.Equal(1, await talk.End());
    }

    [Theory]
    [InlineData("cur", "-ERR unable to scan $HOME/Maildir")]
    [InlineData("", "-ERR this user has no $HOME/Maildir")]
    public async Task A_mailbox_that_is_not_there(string removed, string answer)
    {
        using Pop3Talk talk = new(int.MaxValue);
        Directory.Delete(Path.Combine(talk.Maildir, removed), recursive: true);
        await talk.Play($"{Greeting}\nC: AUTH PLAIN AHNlbmdva3UAa29hbGE=\nS: {answer}");
        Assert.Equal(1, await talk.End());
    }

    [Fact]
    public async Task A_users_file_that_is_being_written_lets_nobody_in()
    {
        using Pop3Talk talk = new(int.MaxValue);
        await talk.Play(Greeting);
        await File.AppendAllTextAsync(talk.Home.In("users/virtual"), "damage");
        await talk.Play("C: AUTH PLAIN AHNlbmdva3UAa29hbGE=\n"
            + "S: -ERR unable to check that now, try again later\neof");
        Assert.Equal(1, await talk.End());
    }
}
