namespace Kopis.Posix.Tests;

public sealed class TurnWitnessTests
{
    private static readonly TimeSpan EndAfter = TimeSpan.FromSeconds(300);

    [Fact]
    public void A_turn_that_sleeps_through_is_dead() =>
        Assert.True(DiesOf(_ => new ThreadState('S', default, 7)));

    [Fact]
    public void One_that_wakes_up_now_and_then_is_not() =>
        Assert.False(DiesOf(second => new ThreadState('S', default, second)));

    [Fact]
    public void One_that_has_the_processor_for_the_whole_time_is_dead() =>
        Assert.True(DiesOf(second => new ThreadState('R', TimeSpan.FromSeconds(second), 7)));

    [Fact]
    public void One_that_is_short_of_processor_time_is_not() =>
        Assert.False(DiesOf(second => new ThreadState('R', TimeSpan.FromSeconds(second / 2), 7)));

    [Fact]
    public void One_that_waits_for_the_disk_never_is() =>
        Assert.False(DiesOf(_ => new ThreadState('D', default, 7)));

    [Fact]
    public void What_was_seen_before_it_waited_for_the_disk_does_not_count()
    {
        Assert.False(DiesOf(second => new ThreadState(second == 200 ? 'D' : 'S', default, 7)));
        Assert.True(DiesOf(second => new ThreadState(second == 50 ? 'D' : 'S', default, 7)));
    }

    [Fact]
    public void Nor_does_what_was_seen_while_it_was_at_work()
    {
        Assert.False(DiesOf(second => new ThreadState(second < 200 ? 'R' : 'S', default, 7)));
        Assert.True(DiesOf(second => new ThreadState(second < 50 ? 'R' : 'S', default, 7)));
    }

    [Fact]
    public void What_was_seen_of_another_turn_does_not_count()
    {
        TurnWitness witness = new(EndAfter);
        for (int second = 8; second <= 400; second += 2)
        {
            TimeSpan time = TimeSpan.FromSeconds(second);
            witness.Look(second / 200, time, new ThreadState('S', default, 7));
            Assert.False(witness.IsDead);
        }
    }

    [Fact]
    public void A_thread_of_this_process_has_a_state()
    {
        ThreadState state = ThreadState.Of(Processes.ThreadId());

        Assert.Equal('R', state.Letter);
        Assert.True(state.Cpu >= TimeSpan.Zero && state.Sleeps >= 0);
        Assert.Equal(default, ThreadState.Of(0));
        Assert.Equal(default, ThreadState.Of(int.MaxValue));
    }

    private static bool DiesOf(Func<int, ThreadState> state)
    {
        TurnWitness witness = new(EndAfter);
        bool isDead = false;
        for (int second = 8; second <= 400; second += 2)
        {
            witness.Look(1, TimeSpan.FromSeconds(second), state(second));
            Assert.False(witness.IsDead && second < EndAfter.TotalSeconds);
            isDead |= witness.IsDead;
        }

        return isDead;
    }
}
