using System.Net.Sockets;
using System.Text;
using Kopis.Base;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Tests;

/// <summary>The ways into the queue, and how each tells what went wrong.</summary>
public sealed class ClientTests
{
    private static readonly byte[] Good = "Fs@x\0Ta@x\0\0"u8.ToArray();

    [Fact]
    public async Task A_pooled_connection_is_used_again()
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        using IntakePool pool = new(home.Path);
        for (uint qp = 1; qp <= 5; qp++)
        {
            QueueReply reply = await SubmitAsync(pool, "x", qp);
            Assert.Equal((0, qp), (reply.Code, reply.Qp));
        }

        Assert.Equal(5, home.Messages().Count);
        Assert.Equal(1, pool.IdleCount);
    }

    [Fact]
    public async Task An_unfinished_message_is_not_queued_and_its_connection_not_used_again()
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        using IntakePool pool = new(home.Path);
        await using (IIntakeMessage one = await pool.BeginAsync(MessageOrigin.Local, 0, default))
        {
            await one.WriteAsync(new byte[500_000], default);
        }

        Assert.Equal(0, pool.IdleCount);
        Assert.Equal(0, (await SubmitAsync(pool, "x")).Code);
        Assert.Single(home.Messages());

        // The writer sees the end of that connection, and forgets the message, when it comes to it.
        Assert.True(SpinWait.SpinUntil(() => home.OtherFiles().Count == 0, 10_000));
    }

    [Fact]
    public async Task A_writer_started_anew_is_not_noticed()
    {
        using QueueHome home = new();
        using IntakePool pool = new(home.Path);
        await using (RunningWriter writer = new(home))
        {
            Assert.Equal(0, (await SubmitAsync(pool, "first")).Code);
        }

        await using RunningWriter next = new(home);
        Assert.Equal(0, (await SubmitAsync(pool, "second")).Code);
        Assert.Equal(2, home.Messages().Count);
    }

    [Fact]
    public async Task A_writer_that_is_being_started_anew_is_waited_for()
    {
        using QueueHome home = new();
        using IntakePool pool = new(home.Path);
        Task<QueueReply> reply = SubmitAsync(pool, "meanwhile");
        Assert.False(reply.IsCompleted);
        await using RunningWriter writer = new(home);
        Assert.Equal(0, (await reply).Code);
        Assert.Single(home.Messages());
    }

    [Theory]
    [InlineData(10, 0)] // All of it can be said again.
    [InlineData(100_000, 74)] // Part of it is gone with the old writer.
    public async Task A_writer_that_dies_under_a_begun_message(int length, int code)
    {
        using QueueHome home = new();
        using IntakePool pool = new(home.Path);
        RunningWriter writer = new(home);
        Assert.Equal(0, (await SubmitAsync(pool, "first")).Code);
        await using IIntakeMessage one = await pool.BeginAsync(MessageOrigin.Local, 0, default);
        await one.WriteAsync(new byte[length], default);
        await writer.DisposeAsync();
        await using RunningWriter next = new(home);
        Assert.Equal(code, (await one.FinishAsync(Good, default)).Code);
        Assert.Equal(code == 0 ? 2 : 1, home.Messages().Count);
    }

    [Fact]
    public async Task Without_a_writer_the_code_is_56()
    {
        using QueueHome home = new();
        using IntakePool pool = new(home.Path);
        Assert.Equal(56, (await SubmitAsync(pool, new string('x', 1_000_000), 9)).Code);
        using IntakeConnection connection = new(home.Path, TimeSpan.FromSeconds(5));
        connection.Begin(MessageOrigin.Local, 9);
        connection.Write(new byte[1_000_000]);
        Assert.Equal(new QueueReply(56, 9, 0), connection.Finish(Good));
    }

    [Fact]
    public async Task A_writer_that_goes_away_is_74()
    {
        using QueueHome home = new();
        RunningWriter writer = new(home);
        using IntakeConnection connection = new(home.Path, TimeSpan.FromSeconds(20));
        connection.Begin(MessageOrigin.Local, 9);
        await writer.DisposeAsync();
        connection.Write(new byte[100_000]);
        Assert.Equal(new QueueReply(74, 9, 0), connection.Finish(Good));
        connection.Begin(MessageOrigin.Local, 10);
        Assert.Equal(74, connection.Finish(Good).Code);
    }

    [Fact]
    public async Task A_silent_writer_is_74_after_the_timeout()
    {
        using QueueHome home = new();
        using Socket silent = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        silent.Bind(new UnixDomainSocketEndPoint(IntakeFrame.SocketPath(home.Path)));
        silent.Listen(1);
        using IntakeConnection connection = new(home.Path, TimeSpan.FromMilliseconds(50));
        connection.Begin(MessageOrigin.Local, 9);
        Assert.Equal(74, await Task.Run(() => connection.Finish(Good).Code));
    }

    [Fact]
    public async Task Too_long_an_envelope_is_51_by_either_way()
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        byte[] envelope = new byte[QueueLimits.EnvelopeBytesMax + 1];
        using IntakePool pool = new(home.Path);
        await using (IIntakeMessage one = await pool.BeginAsync(MessageOrigin.Local, 0, default))
        {
            Assert.Equal(51, (await one.FinishAsync(envelope, default)).Code);
        }

        using IntakeConnection connection = new(home.Path, TimeSpan.FromSeconds(20));
        connection.Begin(MessageOrigin.Local, 0);
        Assert.Equal(51, connection.Finish(envelope).Code);
        connection.Begin(MessageOrigin.Local, 0);
        Assert.Equal(51, connection.Finish(Good).Code); // It is of no more use.
        Assert.Empty(home.Messages());
    }

    [Fact]
    public async Task A_queue_program_gets_message_and_envelope_and_the_home()
    {
        using QueueHome home = new();
        string program = Script(home, "cat > message; cat <&1 > envelope; echo $X > x");
        QueueReply reply = await RunAsync(home, program);
        Assert.Equal((0, true), (reply.Code, reply.Qp > 1));
        Assert.Equal("hello\n", File.ReadAllText(Path.Combine(home.Path, "message")));
        Assert.Equal(Good, File.ReadAllBytes(Path.Combine(home.Path, "envelope")));
        Assert.Equal("from the environment\n", File.ReadAllText(Path.Combine(home.Path, "x")));
    }

    [Theory]
    [InlineData("cat >/dev/null; cat <&1 >/dev/null; exit 31", 31)]
    [InlineData("exit 0", 54)] // It says that all is well, but read nothing.
    [InlineData("exit 53", 53)]
    [InlineData("cat >/dev/null; cat <&1 >/dev/null; kill -9 $$", QueueCode.KilledBySignal)]
    public async Task A_queue_programs_end_is_the_code(string commands, int code)
    {
        using QueueHome home = new();
        Assert.Equal(code, (await RunAsync(home, Script(home, commands), 1_000_000)).Code);
    }

    [Theory]
    [InlineData("echo Dno >&6; exit 82", "Dno\n")]
    [InlineData("printf Dx >&6; exit 82", null)] // Under three bytes it is none.
    [InlineData("echo Dno >&6; exit 31", null)]
    [InlineData("printf 'Z%0300d' 0 >&6; exit 82", "Z+254")]
    public async Task A_queue_program_may_have_words_of_its_own(string commands, string? text)
    {
        using QueueHome home = new();
        QueueProgram client = Client(
            home, Script(home, $"cat >/dev/null; cat <&1 >/dev/null; {commands}"));
        await using IIntakeMessage one = await client.BeginAsync(MessageOrigin.Local, 0, default);
        await one.FinishAsync(Good, default);
        Assert.Equal(text == "Z+254" ? "Z" + new string('0', 254) : text, one.CustomText);
    }

    [Fact]
    public async Task A_queue_program_gets_no_parameters()
    {
        using QueueHome home = new();
        QueueProgram client = Client(home, Script(home, "cat >/dev/null; cat <&1 > envelope"));
        await using IIntakeMessage one = await client.BeginAsync(MessageOrigin.Local, 0, default);
        QueueReply reply = await one.FinishAsync(
            "Fs@x\0PRET=FULL\0Ta@x\0PNOTIFY=NEVER\0\0"u8.ToArray(), default);
        Assert.Equal(0, reply.Code);
        Assert.Equal(Good, File.ReadAllBytes(Path.Combine(home.Path, "envelope")));
    }

    [Fact]
    public async Task An_abandoned_queue_program_sees_no_final_nul()
    {
        using QueueHome home = new();
        QueueProgram client = Client(
            home, Script(home, "cat >/dev/null; cat <&1 > envelope; echo > done"));
        await using (IIntakeMessage one = await client.BeginAsync(MessageOrigin.Local, 0, default))
        {
            await one.WriteAsync("hello"u8.ToArray(), default);
        }

        Assert.Equal(0, new FileInfo(Path.Combine(home.Path, "envelope")).Length);
        Assert.True(File.Exists(Path.Combine(home.Path, "done"))); // Waited for.
    }

    [Fact]
    public async Task A_queue_program_that_is_not_there_is_120()
    {
        using QueueHome home = new();
        Assert.Equal(120, (await RunAsync(home, "/no/such/program")).Code);
    }

    [Fact]
    public void The_environment_chooses()
    {
        ByteEnvironment environment = ByteEnvironment.Parse("QMAILQUEUE=bin/other\0"u8);
        ProgramContext context = new("x", [], environment, "/nowhere");
        Assert.IsType<QueueProgram>(IntakeClients.For(context));
        environment["QMAILQUEUE"] = null;
        Assert.IsType<IntakePool>(IntakeClients.For(context));
    }

    private static async Task<QueueReply> SubmitAsync(IntakePool pool, string body, uint qp = 0)
    {
        await using IIntakeMessage one = await pool.BeginAsync(MessageOrigin.Local, qp, default);
        await one.WriteAsync(Encoding.ASCII.GetBytes(body), default);
        return await one.FinishAsync(Good, default);
    }

    private static async Task<QueueReply> RunAsync(QueueHome home, string program, int length = 0)
    {
        QueueProgram client = Client(home, program);
        await using IIntakeMessage one = await client.BeginAsync(MessageOrigin.Local, 0, default);
        await one.WriteAsync("hello\n"u8.ToArray(), default);
        await one.WriteAsync(new byte[length], default);
        return await one.FinishAsync(Good, default);
    }

    private static QueueProgram Client(QueueHome home, string program) => new(
        program, ByteEnvironment.Parse("PATH=/usr/bin:/bin\0X=from the environment\0"u8),
        home.Path);

    private static string Script(QueueHome home, string commands)
    {
        string path = Path.Combine(home.Path, "program");
        File.WriteAllText(path, $"#!/bin/sh\nexec 2>/dev/null\n{commands}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }
}
