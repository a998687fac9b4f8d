using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Queue.Spawn;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Tests.Destinations;

/// <summary>What a report tells of a destination's health.</summary>
public class AttemptResultTests
{
    /// <summary>A server that takes each message and loses the reply is there: it gets mail at its
    /// own pace, and no message waits for a probe.</summary>
    [Theory]
    [InlineData(AttemptStage.Connect, 10, AttemptKind.Unreachable)]
    [InlineData(AttemptStage.Greeting, 10, AttemptKind.Unreachable)]
    [InlineData(AttemptStage.Hello, 10, AttemptKind.Unreachable)]
    [InlineData(AttemptStage.Mail, 10, AttemptKind.Busy)]
    [InlineData(AttemptStage.Data, 10, AttemptKind.Busy)]
    [InlineData(AttemptStage.Message, 10, AttemptKind.Busy)]
    [InlineData(AttemptStage.Message, 1_200_000, AttemptKind.Unreachable)]
    internal void A_connection_that_dies(AttemptStage stage, uint milliseconds, AttemptKind kind)
    {
        AttemptDetail detail = new()
        {
            Stage = stage,
            Class = BounceClass.ConnectionFailed,
            Milliseconds = milliseconds,
        };
        DeliveryReport report = new(
            1, Verdict.Retry, "Connected to 192.0.2.1 but connection died. (#4.4.2)\n"u8.ToArray())
        {
            Detail = detail,
        };
        Assert.Equal(kind, AttemptResult.Of(report).Kind);
    }

    /// <summary>A reply to MAIL that is about the sender says nothing to all others.</summary>
    [Theory]
    [InlineData(AttemptStage.Mail, BounceClass.Authentication, 451, AttemptKind.Answered)]
    [InlineData(AttemptStage.Mail, BounceClass.Policy, 450, AttemptKind.Answered)]
    [InlineData(AttemptStage.Mail, BounceClass.RateLimited, 451, AttemptKind.Busy)]
    [InlineData(AttemptStage.Mail, BounceClass.ServerTrouble, 452, AttemptKind.Busy)]
    [InlineData(AttemptStage.Mail, BounceClass.Authentication, 421, AttemptKind.Busy)]
    [InlineData(AttemptStage.Hello, BounceClass.Policy, 450, AttemptKind.Busy)]
    internal void A_deferral_before_recipients(
        AttemptStage stage, BounceClass kind, ushort code, AttemptKind told)
    {
        DeliveryReport report = new(1, Verdict.Retry, "later\n"u8.ToArray())
        {
            Detail = new AttemptDetail { Stage = stage, Class = kind, Code = code },
        };
        Assert.Equal(told, AttemptResult.Of(report).Kind);
    }

    /// <summary>Each recipient of a delivery has a report: the destination's limits are in most of
    /// them, and one may ask for something else.</summary>
    [Theory]
    [InlineData(ReplyAction.None, ReplyAction.FewerRecipients, ReplyAction.FewerRecipients)]
    [InlineData(ReplyAction.RetryMessage, ReplyAction.FewerRecipients, ReplyAction.FewerRecipients)]
    [InlineData(
        ReplyAction.FewerRecipients, ReplyAction.PauseDestination, ReplyAction.PauseDestination)]
    [InlineData(ReplyAction.SlowDown, ReplyAction.PauseDestination, ReplyAction.SlowDown)]
    [InlineData(ReplyAction.None, ReplyAction.None, ReplyAction.None)]
    internal void What_several_replies_ask_for(
        ReplyAction first, ReplyAction second, ReplyAction together)
    {
        AttemptResult Asking(ReplyAction action, int value) =>
            AttemptResult.Nothing with { Action = action, ActionSeconds = 60, ActionValue = value };
        Assert.Equal(together, Asking(first, 1).And(Asking(second, 2)).Action);
        Assert.Equal(
            together == first ? 1 : 2, Asking(first, 1).And(Asking(second, 2)).ActionValue);
        bool isTie = first is ReplyAction.SlowDown;
        Assert.Equal(
            isTie ? second : together, Asking(second, 2).And(Asking(first, 1)).Action);
    }

    [Theory]
    [InlineData("Connected to 192.0.2.1 but connection died. (#4.4.2)", AttemptKind.Unreachable)]
    [InlineData(
        "Connected to 192.0.2.1 but connection died. Possible duplicate! (#4.4.2)",
        AttemptKind.Busy)]
    internal void Words_of_a_qmail_remote_of_another_make(string text, AttemptKind kind) =>
        Assert.Equal(kind, AttemptResult.Of(
            new DeliveryReport(1, Verdict.Retry, ByteText.ToBytes(text + "\n"))).Kind);
}
