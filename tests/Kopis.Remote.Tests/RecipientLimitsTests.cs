using Kopis.Testing;

namespace Kopis.Remote.Tests;

/// <summary>Limits of destinations are known for a day, and not of ever more of them.</summary>
public sealed class RecipientLimitsTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void One_counts_for_a_day_since_it_was_met()
    {
        RecipientLimits limits = new(_time);
        Assert.Equal(int.MaxValue, limits.Find("mx.example"));
        limits.Note("mx.example", 7);
        Assert.Equal(7, limits.Find("mx.example"));
        Assert.Equal(int.MaxValue, limits.Find("mx2.example"));
        _time.Advance(TimeSpan.FromHours(23));
        limits.Note("mx.example", 5);
        _time.Advance(TimeSpan.FromHours(23));
        Assert.Equal(5, limits.Find("mx.example"));
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(int.MaxValue, limits.Find("mx.example"));
    }

    [Fact]
    public void The_oldest_goes_where_there_are_many()
    {
        RecipientLimits limits = new(_time);
        for (int i = 0; i <= RecipientLimits.EntriesMax; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            limits.Note($"mx{i}.example", 3);
        }

        Assert.Equal(int.MaxValue, limits.Find("mx0.example"));
        Assert.Equal(3, limits.Find("mx1.example"));
        Assert.Equal(3, limits.Find($"mx{RecipientLimits.EntriesMax}.example"));
    }
}
