using System.Net;
using Kopis.Queue.QmailFormat;

namespace Kopis.Remote.Tests;

public sealed class ConnectMemoryTests : IDisposable
{
    private static readonly IPAddress Address = IPAddress.Parse("192.0.2.1");
    private readonly Clock _clock = new();
    private readonly string _home = Directory.CreateTempSubdirectory("kopis-").FullName;
    private readonly ConnectMemory _memory;

    public ConnectMemoryTests()
    {
        Directory.CreateDirectory(Path.Combine(_home, "queue", "lock"));
        _memory = New();
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Theory, InlineData("192.0.2.1"), InlineData("2001:db8::1")]
    public void Without_the_file_it_is_kept_in_memory(string text)
    {
        Directory.Delete(Path.Combine(_home, "queue"), recursive: true);
        IPAddress address = IPAddress.Parse(text);
        _memory.NoteTimeout(address);
        _clock.Now += TimeSpan.FromSeconds(121);
        _memory.NoteTimeout(address);
        Assert.True(_memory.ShouldSkip(address));
        _memory.NoteAnswer(address);
        Assert.False(_memory.ShouldSkip(address));
    }

    [Fact]
    public void It_survives_a_restart_and_qmail_tcpok_clears_it()
    {
        _memory.NoteTimeout(Address);
        _clock.Now += TimeSpan.FromSeconds(121);
        _memory.NoteTimeout(Address);
        Assert.True(New().ShouldSkip(Address));
        byte[] table = new TimeoutFile(_home).Read();
        Assert.Equal(1024, new FileInfo(Path.Combine(_home, "queue/lock/tcpto")).Length);
        uint now = (uint)_clock.Now.ToUnixTimeSeconds();
        Assert.Equal([(Address, 2, now)], TimeoutTable.Entries(table));
        new TimeoutFile(_home).Clear();
        Assert.False(_memory.ShouldSkip(Address));
    }

    [Fact]
    public void A_full_table_loses_its_oldest()
    {
        for (int i = 0; i < 65; i++)
        {
            _memory.NoteTimeout(new IPAddress([192, 0, 2, (byte)i]));
            _clock.Now += TimeSpan.FromSeconds(1);
        }

        IPAddress[] left = [.. TimeoutTable.Entries(new TimeoutFile(_home).Read())
            .Select(entry => entry.Address)];
        Assert.Equal(64, left.Length);
        Assert.DoesNotContain(new IPAddress([192, 0, 2, 0]), left);
        Assert.Contains(new IPAddress([192, 0, 2, 64]), left);
    }

    [Fact]
    public void Two_timeouts_apart_mean_an_hour_of_rest()
    {
        _memory.NoteTimeout(Address);
        _clock.Now += TimeSpan.FromSeconds(60);
        _memory.NoteTimeout(Address); // The same failure, seen by another delivery.
        Assert.False(_memory.ShouldSkip(Address));
        _clock.Now += TimeSpan.FromSeconds(121);
        _memory.NoteTimeout(Address);
        Assert.True(_memory.ShouldSkip(Address));
        _clock.Now += TimeSpan.FromSeconds(60 * 64);
        Assert.False(_memory.ShouldSkip(Address));
    }

    [Theory, InlineData("192.0.2.1"), InlineData("2001:db8::1")]
    public void A_clock_that_goes_back_makes_no_host_rest_for_a_year(string text)
    {
        IPAddress address = IPAddress.Parse(text);
        _memory.NoteTimeout(address);
        _clock.Now += TimeSpan.FromSeconds(121);
        _memory.NoteTimeout(address);
        Assert.True(_memory.ShouldSkip(address));
        _clock.Now -= TimeSpan.FromDays(365);
        Assert.False(_memory.ShouldSkip(address));
        _memory.NoteTimeout(address);
        Assert.True(_memory.ShouldSkip(address));
    }

    [Fact]
    public void An_answer_forgives_all()
    {
        _memory.NoteTimeout(Address);
        _clock.Now += TimeSpan.FromSeconds(121);
        _memory.NoteTimeout(Address);
        _memory.NoteAnswer(Address);
        Assert.False(_memory.ShouldSkip(Address));
    }

    /// <summary>The file is looked at as control files are, not for each delivery.</summary>
    [Fact]
    public void What_another_writes_is_seen_in_a_tenth_of_a_second()
    {
        Assert.False(_memory.ShouldSkip(Address));
        ConnectMemory other = New();
        other.NoteTimeout(Address);
        _clock.Now += TimeSpan.FromSeconds(121);
        other.NoteTimeout(Address);
        Assert.True(other.ShouldSkip(Address));
        Assert.True(_memory.ShouldSkip(Address));
        File.Delete(new TimeoutFile(_home).Place);
        Assert.True(_memory.ShouldSkip(Address));
        _clock.Now += TimeSpan.FromMilliseconds(100);
        Assert.False(_memory.ShouldSkip(Address));
    }

    private ConnectMemory New() => new(_clock, new TimeoutFile(_home));

    private sealed class Clock : TimeProvider
    {
        internal DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddYears(56);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => Now.UtcTicks;
    }
}
