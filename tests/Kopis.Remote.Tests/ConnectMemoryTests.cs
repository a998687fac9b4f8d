using System.Net;

namespace Kopis.Remote.Tests;

public sealed class ConnectMemoryTests
{
    private static readonly IPAddress Address = IPAddress.Parse("192.0.2.1");
    private readonly Clock _clock = new();
    private readonly ConnectMemory _memory;

    public ConnectMemoryTests() => _memory = new ConnectMemory(_clock);

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

    [Fact]
    public void An_answer_forgives_all()
    {
        _memory.NoteTimeout(Address);
        _clock.Now += TimeSpan.FromSeconds(121);
        _memory.NoteTimeout(Address);
        _memory.NoteAnswer(Address);
        Assert.False(_memory.ShouldSkip(Address));
    }

    private sealed class Clock : TimeProvider
    {
        internal DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddYears(56);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
