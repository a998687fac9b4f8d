using Kopis.Base;
using Kopis.Send.Scheduling;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Tests.Destinations;

/// <summary>Which destination a domain's mail has: asked once, waited for by its own mail only.
/// </summary>
public class QuestionTests
{
    private const int Timeout = 60;

    private readonly RemoteQueue _queue = new(100, asks: true, _ => DestinationLimits.Usual);
    private readonly Scheduler _scheduler;
    private ulong _number;
    private long _now = Make.Born;

    public QuestionTests() => _scheduler = new Scheduler(604_800, batch: true, remote: _queue);

    [Fact]
    public void A_domain_is_asked_for_once_and_its_mail_waits_for_the_answer()
    {
        Add("s@x", "a@One.example");
        Add("s@x", "b@one.example");
        Add("s@x", "c@two.example");
        Assert.Empty(Start());
        Dictionary<string, uint> asked = Ask();
        Assert.Equal(["one.example", "two.example"], asked.Keys.Order());
        _queue.Answer(asked["two.example"], "mx.example", false, 600);
        Assert.Equal(["c@two.example"], Start());
        _queue.Answer(asked["one.example"], "mx.example", false, 600);
        Assert.Equal(["a@One.example", "b@one.example"], Start().Order());
        Assert.Equal(["mx.example"], _queue.Destinations.Select(one => one.Name));
        Add("s@x", "d@two.example");
        Assert.Equal(["d@two.example"], Start()); // It is known.
        Assert.Empty(Ask());
    }

    [Fact]
    public void An_answer_that_has_run_out_is_used_until_the_next_one()
    {
        Add("s@x", "a@one.example");
        Start();
        _queue.Answer(Ask()["one.example"], "mx1.example", false, 60);
        Start();
        _now += 61;
        Add("s@x", "b@one.example");
        Assert.Equal(["b@one.example"], Start());
        uint again = Ask()["one.example"];
        _queue.Answer(again, "mx2.example", false, 60);
        _queue.Answer(again, "mx3.example", false, 60); // Nobody asked.
        Add("s@x", "c@one.example");
        Delivery delivery = _scheduler.Next(DeliveryChannel.Remote, _now)!;
        Assert.Equal("mx2.example", delivery.Start!.Destination.Name);
    }

    [Fact]
    public void Where_the_clock_went_back_a_question_has_no_more_time_than_before()
    {
        Add("s@x", "a@one.example");
        Assert.Empty(Start());
        Ask();
        _now -= 86_400;
        _scheduler.AllDueNow(_now);
        Assert.Equal((_now + Timeout) * 1000, _queue.WakeAt);
        _now += Timeout;
        Assert.Equal(["a@one.example"], Start()); // It is a destination of its own.
    }

    [Fact]
    public void Where_the_clock_went_back_an_answer_holds_no_longer_than_one_that_comes_now()
    {
        Add("s@x", "a@one.example");
        Start();
        _queue.Answer(Ask()["one.example"], "mx1.example", false, 3600);
        Start();
        _now -= 86_400;
        _scheduler.AllDueNow(_now);
        _now += 3500;
        Add("s@x", "b@one.example");
        Start();
        Assert.Empty(Ask());
        _now += 101;
        Add("s@x", "c@one.example");
        Start();
        Assert.Equal(["one.example"], Ask().Keys);
    }

    [Fact]
    public void Where_it_depends_on_the_sender_each_sender_is_asked_for()
    {
        Add("s@x", "a@one.example");
        Add("t@x", "b@one.example");
        Start();
        _queue.Answer(Ask()["one.example"], "relay [r1]:25", true, 600);
        Assert.Empty(Start());
        List<(uint Id, string Sender)> questions = [];
        while (_queue.HasQuestion)
        {
            (uint id, DomainEntry entry) = _queue.DequeueQuestion();
            questions.Add((id, ByteText.ToText(entry.Sender)));
        }

        Assert.Equal(["s@x", "t@x"], questions.Select(one => one.Sender).Order());
        foreach ((uint id, string sender) in questions)
        {
            _queue.Answer(id, $"relay [{sender}]:25", true, 600);
        }

        Assert.Equal(2, Start().Count);
        Assert.Equal(["relay [s@x]:25", "relay [t@x]:25"],
            _queue.Destinations.Select(one => one.Name).Order());
    }

    [Fact]
    public void Without_an_answer_the_domain_is_its_own_destination()
    {
        Add("s@x", "a@one.example");
        Start();
        Ask();
        Assert.Equal((Make.Born + Timeout) * 1000, _queue.WakeAt);
        _now += Timeout - 1;
        Assert.Empty(Start());
        _now++;
        Assert.Equal(["a@one.example"], Start());
        Assert.Equal(["domain one.example"], _queue.Destinations.Select(one => one.Name));
    }

    [Fact]
    public void No_more_than_a_thousand_questions_are_out()
    {
        for (int i = 0; i < 1500; i++)
        {
            Add("s@x", $"a@d{i}.example", (uint)i);
        }

        Start();
        Dictionary<string, uint> asked = Ask();
        Assert.Equal(DomainTable.QuestionsMax, asked.Count);
        _queue.Answer(asked.First().Value, "mx.example", false, 60);
        Assert.Single(Ask());
    }

    [Fact]
    public void One_submitter_leaves_an_eighth_of_the_questions_to_others()
    {
        for (int i = 0; i < 1500; i++)
        {
            Add("s@x", $"a@d{i}.example");
        }

        Start();
        Dictionary<string, uint> asked = Ask();
        Assert.Equal(DomainTable.QuestionsMax * 7 / 8, asked.Count);
        string waiting = Enumerable.Range(0, 1500).Select(i => $"d{i}.example")
            .First(one => !asked.ContainsKey(one));
        Add("t@x", "b@other.example", uid: 2);
        Add("t@x", $"b@{waiting}", uid: 2); // It waits in the turn of the first one, too.
        Start();
        Assert.Equal([waiting, "other.example"], Ask().Keys.Order());
        foreach (uint id in asked.Values)
        {
            _queue.Answer(id, "mx.example", false, 60);
        }

        Assert.Equal(1500 - asked.Count - 1, Ask().Count);
    }

    [Trait("Size", "large")]
    [Fact]
    public void Many_domains_without_an_answer_cost_nobody_what_is_known()
    {
        DomainTable table = new();
        DomainEntry known = table.Find("one.example"u8, "s@x"u8);
        known.Destination = new Destination("mx.example", DestinationLimits.Usual);
        for (int i = 0; i < 500_000; i++)
        {
            byte[] domain = ByteText.ToBytes($"d{i}.example");
            table.Ask(table.Find(domain, "t@x"u8), "t@x"u8, 1);
        }

        Assert.Same(known, table.TryFind("one.example"u8, "s@x"u8));
    }

    [Trait("Size", "large")]
    [Fact]
    public void Answers_that_nobody_wants_again_go_where_there_are_many()
    {
        DomainTable table = new();
        Destination destination = new("mx.example", DestinationLimits.Usual);
        for (int i = 0; i < 500_000; i++)
        {
            table.Find(ByteText.ToBytes($"d{i}.example"), "t@x"u8).Destination = destination;
            table.Find("one.example"u8, "s@x"u8).Destination = destination;
        }

        Assert.NotNull(table.TryFind("one.example"u8, "s@x"u8));
        Assert.InRange(table.Count, 1, 200_000);
    }

    private void Add(string sender, string recipient, uint uid = 1) => _scheduler.Add(
        Make.MessageOf(uid, ++_number, sender, [recipient], _now));

    private List<string> Start()
    {
        List<string> started = [];
        for (int looks = 0; looks < 20; looks++)
        {
            while (_scheduler.Next(DeliveryChannel.Remote, _now) is { } delivery)
            {
                started.AddRange(Make.Addresses(delivery));
            }
        }

        return started;
    }

    private Dictionary<string, uint> Ask()
    {
        Dictionary<string, uint> asked = [];
        while (_queue.HasQuestion)
        {
            (uint id, DomainEntry entry) = _queue.DequeueQuestion();
            asked.Add(ByteText.ToText(entry.Domain), id);
        }

        return asked;
    }
}
