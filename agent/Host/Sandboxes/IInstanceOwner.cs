using Hearth.Agent.Scheduling;
using Hearth.Contracts;

namespace Hearth.Agent.Sandboxes;

/// <summary>The scheduler, as an instance sees it. Every change of an instance's state goes through it, under one gate.</summary>
internal interface IInstanceOwner
{
    /// <summary>The sandbox exists; its runtime starts.</summary>
    /// <returns>False when the instance is to end instead.</returns>
    bool OnAttached(Instance instance);

    /// <summary>Its code lies on the machine: what it waits for from here on is a start.</summary>
    void OnCodeThere(Instance instance);

    /// <summary>No sandbox could be made. The oldest waiting invocation is told.</summary>
    void OnStartFailed(Instance instance, LambdaError error);

    /// <summary>The instance can work; <paramref name="finished"/> is what it has just done.</summary>
    /// <returns>The next invocation, claimed for it; null when it is idle or ends.</returns>
    Invocation? Release(Instance instance, Invocation? finished);

    /// <summary>A bound invocation's initialisation is done: it becomes its work.</summary>
    void OnBoundInit(Instance instance);

    /// <summary>The runtime is not usable any more.</summary>
    /// <returns>The invocation that fails with it: what it works on, or, during init, the oldest that waits.</returns>
    Invocation? Interrupt(Instance instance, bool destroy);

    /// <summary>Init took too long: the oldest waiting invocation is bound to a second try under its function's own time limit.</summary>
    Invocation? BindSecondTry(Instance instance);

    /// <summary>The runtime was started anew.</summary>
    /// <returns>True when it shall initialise now.</returns>
    bool OnReset(Instance instance);

    /// <summary>The claimed instance died before the event was written: somebody else gets it.</summary>
    void Requeue(Invocation invocation);

    void Complete(Invocation invocation, in InvocationResult result);

    bool TryFreeze(Instance instance);

    void OnGone(Instance instance);
}
