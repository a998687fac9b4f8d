namespace Kopis.Remote.Tests;

public class LatelyServedTests
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(5);
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly LatelyServed _lately = new();

    [Theory]
    [InlineData(4.9, true)]
    [InlineData(5, false)]
    public void A_delivery_is_remembered_for_the_time_that_is_asked(double seconds, bool isAgain)
    {
        Assert.False(_lately.Note("a", Start, Within));
        Assert.False(_lately.Note("b", Start, Within));
        Assert.Equal(isAgain, _lately.Note("a", Start.AddSeconds(seconds), Within));
    }

    [Fact]
    public void Each_delivery_counts_from_its_own_time()
    {
        _lately.Note("a", Start, Within);
        _lately.Note("a", Start.AddSeconds(4), Within);
        Assert.True(_lately.Note("a", Start.AddSeconds(8), Within));
    }

    [Fact]
    public void Many_destinations_make_it_forget()
    {
        _lately.Note("a", Start, Within);
        for (int i = 0; i < LatelyServed.Most; i++)
        {
            Assert.False(_lately.Note($"{i}", Start, Within));
        }

        Assert.False(_lately.Note("a", Start, Within));
    }
}
