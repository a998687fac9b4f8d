using Kopis.Queue.Commands;
using Kopis.Send.Commands;

namespace Kopis.Send.Tests;

/// <summary>How the commands of several callers take turns.</summary>
public sealed class CommandTurnTests : CommandCase
{
    /// <summary>A caller that asks for a long answer and does not read it holds up nobody's
    /// commands, neither another guest's nor root's.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public void Who_does_not_read_an_answer_makes_himself_wait(bool isGuest)
    {
        ulong number = Add([.. Enumerable.Range(0, 3000).Select(i => $"a{i}@l.example")]);
        CommandOutput[] held = [.. Enumerable.Range(0, 4).Select(_ => new CommandOutput())];
        foreach (CommandOutput output in held)
        {
            Commands.Add(List(), "guest", output, isGuest);
        }

        Step(100, () => false);
        Assert.All(held, output => Assert.True(output.IsFull && !output.IsComplete));
        Assert.False(Commands.HasWork); // Nothing turns while they do not read.
        Assert.Equal(1UL, Give(new(QueueVerb.Hold, Of(number))).Messages);
        CommandOutput another = new();
        Commands.Add(new(QueueVerb.Summary, new QueueSelection()), "guest", another, true);
        Step(10, () => another.IsComplete);
        Assert.True(another.IsComplete);

        int turns = 0;
        while (!held[0].IsComplete && turns++ < 100) // Who reads again has all of it.
        {
            held[0].Clear();
            Step(1, () => false);
        }

        Assert.True(held[0].IsComplete);
        Assert.False(held[1].IsComplete);
    }

    [Fact]
    public void Guests_and_all_others_have_every_second_step()
    {
        ulong number = Add([.. Enumerable.Range(0, 9000).Select(i => $"a{i}@l.example")]);
        CommandOutput[] guests = [.. Enumerable.Range(0, 4).Select(_ => new CommandOutput())];
        foreach (CommandOutput output in guests)
        {
            Commands.Add(
                List() with { Selection = Of(number) with { Recipient = "none@x"u8.ToArray() } },
                "guest", output, isGuest: true);
        }

        CommandOutput root = new();
        Commands.Add(new(QueueVerb.Summary, new QueueSelection()), "uid 0", root);
        Step(4, () => root.IsComplete);
        Assert.True(root.IsComplete);
        Assert.All(guests, output => Assert.False(output.IsComplete));
    }

    [Fact]
    public void A_short_question_is_answered_beside_long_ones_of_the_same_user()
    {
        ulong number = Add([.. Enumerable.Range(0, 9000).Select(i => $"a{i}@l.example")]);
        CommandOutput[] searches = [.. Enumerable.Range(0, 2).Select(_ => new CommandOutput())];
        foreach (CommandOutput output in searches)
        {
            Commands.Add(
                List() with { Selection = Of(number) with { Recipient = "none@x"u8.ToArray() } },
                "guest", output, isGuest: true);
        }

        CommandOutput plots = new();
        Commands.Add(new(QueueVerb.Summary, new QueueSelection()), "guest", plots, isGuest: true);
        Step(6, () => plots.IsComplete);
        Assert.True(plots.IsComplete);
        Assert.All(searches, output => Assert.False(output.IsComplete));
        Step(100, () => false);
        Assert.All(searches, output => Assert.True(output.IsComplete));
    }

    [Fact]
    public void Commands_whose_callers_are_gone_do_not_count()
    {
        Add("a@l.example");
        CommandOutput gone = new();
        Commands.Add(List(), "guest", gone, isGuest: true);
        Commands.Add(List(), "uid 0", new CommandOutput());
        Assert.Equal((1, 1), (Commands.Count(isGuest: true), Commands.Count(isGuest: false)));
        gone.IsClosed = true;
        Assert.Equal((0, 1), (Commands.Count(isGuest: true), Commands.Count(isGuest: false)));
        Step(2, () => false);
        Assert.Equal(0, Commands.Count(isGuest: false));
        Assert.False(Commands.HasWork);
    }
}
